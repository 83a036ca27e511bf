import type { RequestHandler } from "express";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { Logger } from "#service-kit/log.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { pullRoutes } from "../api/pull-routes.js";
import { tagRoutes } from "../api/tag-routes.js";
import { actorOf } from "../proxy/exchange.js";
import { identifyCaller } from "../proxy/identify-caller.js";
import type { Callers } from "./callers.js";
import type { Ledger } from "./ledger.js";

/**
 * @param deps - ledger, audit log, rules, and who asks
 * @returns the routes of the REST API about tags and pulls
 */
export function openRestApi(deps: {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly policy: TagPolicy;
  readonly ledger: Pick<Ledger, "resolver" | "waiting">;
  readonly callers: Pick<Callers, "callers">;
}): { readonly routes: readonly RequestHandler[] } {
  const { db, log, audit, policy } = deps;
  const { callers } = deps.callers;
  const { resolver, waiting } = deps.ledger;
  return {
    routes: [
      tagRoutes({ db, log, audit, policy, resolver, waiting }, async (req, request) => {
        const caller = await identifyCaller(callers, req, request);
        return actorOf({ req, caller, context: contextOf(req) });
      }),
      pullRoutes({ db }, (req, request) => identifyCaller(callers, req, request)),
    ],
  };
}
