import type { HttpRequest } from "#service-kit/http/http-request.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { userAgentOf } from "#service-kit/http/request-line.js";
import type { KeptLogin } from "./kept-login.js";
import type { NoteSession } from "./record-sessions.js";
import type { Sessions } from "./sessions.js";
import type { SessionOwner } from "./sql.js";

/** What beginning a session needs. */
export interface BeginSessionDeps {
  readonly sessions: Sessions;
  readonly note: NoteSession;
}

/**
 * @param deps - the sessions, and what puts them on record
 * @param req - with which somebody logs in
 * @param login - with what, verified; whose that is; how, for the record; and the secret of the session before it, if any
 * @returns the secret for the new session's cookie
 */
export async function beginSession(
  { sessions, note }: BeginSessionDeps,
  req: HttpRequest,
  {
    login,
    owner,
    how,
    before,
  }: {
    readonly login: KeptLogin;
    readonly owner: SessionOwner;
    readonly how: string;
    readonly before: string | null;
  },
): Promise<string> {
  const from = { address: contextOf(req).client.address, userAgent: userAgentOf(req) };
  const secret = await sessions.begin(login, owner, from);
  note(req, owner, "session.begun", how);
  // Whoever knew the one of before does not get into this one.
  const ended = before === null ? null : await sessions.end(before);
  if (ended !== null) note(req, ended, "session.ended", "another login took its place");
  return secret;
}
