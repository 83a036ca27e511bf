import type { Request, RequestHandler } from "express";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { sourceOfTag } from "../api/source-of-tag.js";
import type { Catalog } from "../catalog/catalog.js";
import { pierOneRoutes } from "../pier-one/routes.js";
import { requiredAccess } from "../proxy/access.js";
import { viewOfCaller } from "../proxy/catalog.js";
import { actorFor } from "../proxy/exchange.js";
import { identifyLogin } from "../proxy/identify-caller.js";
import type { Callers } from "./callers.js";
import type { Ledger } from "./ledger.js";

/**
 * @param deps - ledger, audit log, rules, and who asks
 * @returns the routes of Pier One's API
 */
export function openPierOne(deps: {
  readonly db: Database;
  readonly audit: RecordAudit;
  readonly policy: TagPolicy;
  readonly catalog: Catalog;
  readonly ledger: Pick<Ledger, "resolver">;
  readonly callers: Pick<Callers, "callers">;
}): { readonly routes: readonly RequestHandler[] } {
  const { db, audit, policy, catalog } = deps;
  const { callers } = deps.callers;
  const { resolver } = deps.ledger;
  const routes = pierOneRoutes({
    ...{ db, audit, policy, catalog },
    sourceOf: (key) => sourceOfTag({ db, policy, resolver }, key),
    viewOf: async (req: Request) =>
      viewOfCaller(await identifyLogin(callers, req, { kind: "catalog" }), callers.views),
    pusherTo: async (req, repository) => {
      const like = { kind: "upload.start", repository, mount: null } as const;
      const caller = await identifyLogin(callers, req, like);
      return actorFor({ req, caller, context: contextOf(req) }, requiredAccess(like));
    },
  });
  return { routes: [routes] };
}
