import { Fault } from "#registry-protocol/faults.js";
import { beginSession, endSession, readSession } from "#rest-api/operations/session.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { cookieFor, secretOf } from "../sessions/cookie.js";
import { beginSession as begin } from "../sessions/begin-session.js";
import { isFromPage, isSomebodyThere, requireSame } from "../sessions/session-step.js";
import { MADE_OF_NOTHING_GOOD, type NoteSession } from "../sessions/record-sessions.js";
import type { Sessions } from "../sessions/sessions.js";
import type { SessionOwner } from "../sessions/sql.js";
import { implement, type Implementation } from "./implement.js";

/** Who a login is of. */
export interface VerifiedLogin extends SessionOwner {
  readonly isAdministrator: boolean;
}

/** What logging in by the page needs. */
export interface SessionOperationsDeps {
  readonly sessions: Sessions;
  /** @returns URL under which the client reaches us */
  readonly originOf: (req: HttpRequest) => string;
  /** Says whose the login in the request is. @throws Fault UNAUTHORIZED, TOO_MANY_REQUESTS or UNAVAILABLE */
  readonly verify: (req: HttpRequest) => Promise<VerifiedLogin>;
  readonly note: NoteSession;
  /** By whose pages one may log in, too. */
  readonly issuers: readonly { readonly name: string; readonly title: string }[];
}

/**
 * @param deps - the sessions, and who somebody is
 * @returns the operations about one's own session
 */
export function sessionOperations(deps: SessionOperationsDeps): readonly Implementation[] {
  const { sessions, originOf, verify, note, issuers } = deps;
  const headers = { "Cache-Control": "no-store" };
  const nobody = { body: { login: null, issuers }, headers };
  const secretIn = (req: HttpRequest) => (isFromPage(req) ? secretOf(req, originOf(req)) : null);
  const end = async (req: HttpRequest, secret: string, reason: string) => {
    const owner = await sessions.end(secret);
    if (owner !== null) note(req, owner, "session.ended", reason);
  };
  /** Of what the request says itself: it has shown no other login. */
  const shown = async (req: HttpRequest, secret: string) => {
    const session = await sessions.find(secret, isSomebodyThere(req));
    if (session === null) return null;
    req.headers.authorization = session.authorization;
    const verified = await verify(req);
    requireSame(session, verified);
    const { uid, realm, kind, isAdministrator } = verified;
    const { endsAt, idleEndsAt } = session;
    return {
      body: { login: { uid, realm, kind, isAdministrator, endsAt, idleEndsAt }, issuers },
      headers,
    };
  };
  return [
    implement(readSession, async ({ req, res }) => {
      const secret = secretIn(req);
      if (secret === null) return nobody;
      const answer = await shown(req, secret).catch(async (error: unknown) => {
        if (!(error instanceof Fault) || error.code !== "UNAUTHORIZED") throw error;
        await end(req, secret, MADE_OF_NOTHING_GOOD);
        return null;
      });
      if (answer === null) res.setHeader("Set-Cookie", cookieFor(originOf(req), null));
      return answer ?? nobody;
    }),
    implement(beginSession, async ({ req, res, body }) => {
      if (!isFromPage(req))
        throw new Fault("REQUEST_INVALID", { message: "the header X-Wharfinger-Page is missing" });
      const before = secretIn(req);
      const basic = Buffer.from(`${body.user}:${body.password}`).toString("base64");
      req.headers.authorization = `Basic ${basic}`;
      const owner = await verify(req);
      const secret = await begin(deps, req, {
        login: { authorization: req.headers.authorization, renewal: null },
        ...{ owner, before, how: "somebody has logged in on the web page" },
      });
      res.setHeader("Set-Cookie", cookieFor(originOf(req), secret));
      return (await shown(req, secret)) ?? nobody;
    }),
    implement(endSession, async ({ req, res }) => {
      const secret = secretIn(req);
      if (secret !== null) await end(req, secret, "logged out");
      res.setHeader("Set-Cookie", cookieFor(originOf(req), null));
      return { status: 204 };
    }),
  ];
}
