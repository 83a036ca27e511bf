import type { Tally } from "#audit-log/tally.js";
import { visible } from "#registry-protocol/text.js";
import type { FailedLogin } from "./log-in.js";

const MOST_CHARACTERS = 200;

/**
 * Nobody has said who it was: an entry names the account that was meant, not an actor.
 *
 * @param tally - what counts them
 * @returns what takes note of logins that were refused
 */
export function noteFailedLogins(tally: Pick<Tally, "note">): (failure: FailedLogin) => void {
  return ({ shown, account, outcome, reason, from }) => {
    const { address, userAgent, requestId } = from;
    const actor = { uid: "", realm: "", kind: "not known", address, userAgent, requestId };
    tally.note({
      ...{ action: "login.failed", actor, repository: null, tag: null, digest: null },
      reason: visible(reason, MOST_CHARACTERS),
      detail: {
        shown,
        outcome,
        ...(account === null ? {} : { account: visible(account, MOST_CHARACTERS) }),
      },
    });
  };
}
