import type { FaultCode } from "#registry-protocol/fault-catalogue.js";
import type { RefusedRequest } from "#service-kit/http/request-context.js";
import type { Tally } from "./tally.js";

/** What a rule, a mode or a setting said no to. Pushes that the rules for tags refuse have an entry of their own. */
const REFUSALS: readonly FaultCode[] = [
  "DENIED",
  "READ_ONLY",
  "DELETE_DISABLED",
  "METHOD_UNSUPPORTED",
  "TAG_NOT_DELETABLE",
  "MANIFEST_NEEDED",
  "CROSS_SITE",
];

/** Longest reason that an entry has; the words of a rule may be longer. */
const MOST_REASON_CHARACTERS = 300;

/**
 * @param tally - what counts them
 * @returns what takes note of requests that would have changed something, and were refused
 */
export function noteRefusals(tally: Pick<Tally, "note">): (request: RefusedRequest) => void {
  return ({ code, reason, rule, method, route, context }) => {
    if (!REFUSALS.some((known) => known === code)) return;
    const { client, requestId, subject, userAgent } = context;
    const who = context.who ?? { uid: "", realm: "", kind: "anonymous" };
    const actor = { ...who, address: client.address, userAgent, requestId };
    tally.note({
      ...{ action: "access.refused", actor, repository: subject.repository ?? null },
      ...{ tag: null, digest: null, reason: reason.slice(0, MOST_REASON_CHARACTERS) },
      detail: { code, method, route, ...(rule === undefined ? {} : { rule }) },
    });
  };
}
