import type { RequestHandler } from "express";
import type { NoteRead } from "#audit-log/administrators-reads.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Tally } from "#audit-log/tally.js";
import type { CursorSealer } from "#rest-api/cursor.js";
import type { Database } from "#service-kit/db/pool.js";
import { jsonFetcher } from "#service-kit/http/fetch-json.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { Implementation } from "../api/implement.js";
import { oidcOperations } from "../api/oidc-operations.js";
import { sessionListOperations } from "../api/session-list-operations.js";
import { sessionOperations } from "../api/session-operations.js";
import type { GatewayConfig } from "../config/config.js";
import { renewingLogins } from "../oidc/kept-login-of.js";
import { loginReport } from "../oidc/login-report.js";
import { oidcLogins } from "../oidc/oidc-logins.js";
import { clientOrigin } from "../proxy/client-origin.js";
import { identifyLogin, type CallerDeps } from "../proxy/identify-caller.js";
import { listedSessions } from "../sessions/listed-sessions.js";
import { noteSessions } from "../sessions/record-sessions.js";
import { pageSessions } from "../sessions/sessions.js";
import { sessionStep } from "../sessions/session-step.js";

/** Logins of browsers. */
export interface PageSessions {
  readonly operations: readonly Implementation[];
  /** Comes before all that answers below `/api/v1`. */
  readonly step: RequestHandler;
}

/** What logins of browsers need. */
export interface PageSessionDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly metrics: Pick<ServiceMetrics, "registry">;
  readonly audit: RecordAudit;
  readonly tally: Pick<Tally, "note">;
  readonly sealer: CursorSealer;
  readonly callers: CallerDeps;
  readonly isAdministrator: (req: HttpRequest) => Promise<boolean>;
  readonly administered: NoteRead;
}

/**
 * @param config - how long they last, where clients reach us, by whose pages one may log in, and by which proxies those are asked
 * @param deps - the ledger, who somebody is, whether they administer, and what puts sessions on record
 * @returns the sessions of the web page
 */
export function openSessions(
  config: Pick<GatewayConfig, "publicUrl" | "sessions" | "pageIssuers" | "proxies">,
  deps: PageSessionDeps,
): PageSessions {
  const { db, log, audit, sealer, callers, isAdministrator, administered } = deps;
  const { publicUrl, sessions: limits } = config;
  const now = Date.now;
  const fetchJson = jsonFetcher(outgoing(config.proxies));
  const logins = oidcLogins(config.pageIssuers, { fetchJson, now });
  const sessions = pageSessions(db, limits, { renew: renewingLogins(logins), now });
  const originOf = (req: HttpRequest) => clientOrigin(req, publicUrl);
  const identify = async (req: HttpRequest) => {
    const { subject: uid, realm, kind } = await identifyLogin(callers, req, { kind: "catalog" });
    return { uid, realm, kind };
  };
  const verify = async (req: HttpRequest) => ({
    ...(await identify(req)),
    isAdministrator: await isAdministrator(req),
  });
  const note = noteSessions(deps.tally);
  const shared = { sessions, originOf, verify, note };
  const told = loginReport(deps.metrics.registry, log);
  return {
    operations: [
      ...sessionOperations({ ...shared, issuers: logins.ways }),
      ...oidcOperations({ ...shared, logins, sealer, now, told }),
      ...sessionListOperations({
        ...{ originOf, isAdministrator, administered },
        listed: listedSessions({ db, limits, audit }),
      }),
    ],
    step: sessionStep({ sessions, originOf, verify: identify, note }),
  };
}
