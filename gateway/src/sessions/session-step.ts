import type { RequestHandler } from "express";
import { Fault } from "#registry-protocol/faults.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { cookieFor, secretOf } from "./cookie.js";
import { MADE_OF_NOTHING_GOOD, type NoteSession } from "./record-sessions.js";
import type { Session, Sessions } from "./sessions.js";
import type { SessionOwner } from "./sql.js";

/** What turning sessions into logins needs. */
export interface SessionStepDeps {
  readonly sessions: Sessions;
  /** @returns URL under which the client reaches us */
  readonly originOf: (req: HttpRequest) => string;
  /** Looks whether a login is still good, and whose. @throws Fault UNAUTHORIZED when it is not */
  readonly verify: (req: HttpRequest) => Promise<SessionOwner>;
  readonly note: NoteSession;
}

/**
 * By this header a page says that it is ours: no other site's page can send it unasked (Fetch, "CORS-safelisted
 * request-header"), so that a cookie alone never counts. `background`: the page asks by itself, and nobody need be there.
 */
const PAGE_HEADER = "x-wharfinger-page";
const RENEWING = "active";
const BELOW = "/api/v1/";
/** Begins and ends sessions, and so looks at cookies itself. */
const OWN = /^\/api\/v1\/session(?:[?]|$)/;

/**
 * @param req - a request
 * @returns whether it comes from our page
 */
export function isFromPage(req: Pick<HttpRequest, "headers">): boolean {
  return req.headers[PAGE_HEADER] !== undefined;
}

/**
 * @param req - a request of our page's
 * @returns whether somebody is there
 */
export function isSomebodyThere(req: Pick<HttpRequest, "headers">): boolean {
  return req.headers[PAGE_HEADER] === RENEWING;
}

/**
 * Has a request of our page's to the REST API say what its session was begun with, as any other client would: who answers it
 * knows nothing of sessions.
 *
 * @param deps - the sessions
 * @returns the step, before all that answers below `/api/v1`
 */
export function sessionStep({ sessions, originOf, verify, note }: SessionStepDeps): RequestHandler {
  return async (req, res, next) => {
    const isOurs = req.url.startsWith(BELOW) && !OWN.test(req.url) && isFromPage(req);
    const secret = isOurs ? secretOf(req, originOf(req)) : null;
    if (secret === null || req.headers.authorization !== undefined) {
      next();
      return;
    }
    const over = (why: string) => {
      res.setHeader("Set-Cookie", cookieFor(originOf(req), null));
      return new Fault("UNAUTHORIZED", { message: `the session has ended: ${why}, log in again` });
    };
    let session: Session | null;
    try {
      session = await sessions.find(secret, isSomebodyThere(req));
      if (session !== null) {
        req.headers.authorization = session.authorization;
        requireSame(session, await verify(req));
      }
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "UNAUTHORIZED") throw error;
      // Shown once more it would count as a wrong password once more.
      const owner = await sessions.end(secret);
      if (owner !== null) note(req, owner, "session.ended", MADE_OF_NOTHING_GOOD);
      throw over(error.message);
    }
    if (session === null) throw over("it was idle or old, or somebody logged out");
    next();
  };
}

/**
 * @param begunBy - whose a session is
 * @param now - whose its login is found to be
 * @throws Fault UNAUTHORIZED where that is somebody else, since what the login's issuer says of them has changed
 */
export function requireSame(begunBy: SessionOwner, now: SessionOwner): void {
  const isSame =
    begunBy.uid === now.uid && begunBy.realm === now.realm && begunBy.kind === now.kind;
  if (!isSame) throw new Fault("UNAUTHORIZED", { message: "the login is somebody else's now" });
}
