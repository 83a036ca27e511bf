import type { RequestHandler } from "express";
import type { Tally } from "#audit-log/tally.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import type { SessionOperationsDeps } from "../api/session-operations.js";
import type { GatewayConfig } from "../config/config.js";
import { clientOrigin } from "../proxy/client-origin.js";
import { identifyLogin, type CallerDeps } from "../proxy/identify-caller.js";
import { noteSessions } from "../sessions/record-sessions.js";
import { pageSessions } from "../sessions/sessions.js";
import { sessionStep } from "../sessions/session-step.js";

/** Logins of browsers. */
export interface PageSessions extends SessionOperationsDeps {
  /** Comes before all that answers below `/api/v1`. */
  readonly step: RequestHandler;
}

/**
 * @param config - how long they last, and where clients reach us
 * @param db - the ledger
 * @param deps - who somebody is, whether they administer, and what puts sessions on record
 * @returns the sessions of the web page
 */
export function openSessions(
  { publicUrl, sessions: limits }: Pick<GatewayConfig, "publicUrl" | "sessions">,
  db: Queryable,
  {
    callers,
    isAdministrator,
    tally,
  }: {
    readonly tally: Pick<Tally, "note">;
    readonly callers: CallerDeps;
    readonly isAdministrator: (req: HttpRequest) => Promise<boolean>;
  },
): PageSessions {
  const sessions = pageSessions(db, limits);
  const originOf = (req: HttpRequest) => clientOrigin(req, publicUrl);
  const identify = (req: HttpRequest) => identifyLogin(callers, req, { kind: "catalog" });
  const verify = async (req: HttpRequest) => {
    const { subject: uid, realm, kind } = await identify(req);
    return { uid, realm, kind, isAdministrator: await isAdministrator(req) };
  };
  const note = noteSessions(tally);
  return {
    sessions,
    originOf,
    verify,
    note,
    step: sessionStep({ sessions, originOf, verify: identify, note }),
  };
}
