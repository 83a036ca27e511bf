import type { Tally } from "#audit-log/tally.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { userAgentOf } from "#service-kit/http/request-line.js";
import type { SessionOwner } from "./sql.js";

/** Puts on record that a session of the web page has begun, was ended, or could not be begun by an issuer's page. */
export type NoteSession = (
  req: HttpRequest,
  owner: SessionOwner,
  what: "session.begun" | "session.ended" | "session.refused",
  reason: string,
) => void;

/** Of whom nothing is known. */
export const NOBODY: SessionOwner = { uid: "", realm: "", kind: "anonymous" };

/** Why a session ends that nobody has ended. */
export const MADE_OF_NOTHING_GOOD = "what it was made of is good no more";

/**
 * @param tally - what counts them, so that whoever logs in by the thousand is an entry a minute
 * @returns what puts them on record
 */
export function noteSessions(tally: Pick<Tally, "note">): NoteSession {
  return (req, { uid, realm, kind }, action, reason) => {
    const { client, requestId } = contextOf(req);
    const from = { address: client.address, userAgent: userAgentOf(req), requestId };
    tally.note({
      ...{ action, reason, actor: { uid, realm, kind, ...from }, detail: {} },
      ...{ repository: null, tag: null, digest: null },
    });
  };
}
