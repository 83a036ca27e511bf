import type { RequestHandler } from "express";
import { noteReads } from "#audit-log/administrators-reads.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Tally } from "#audit-log/tally.js";
import type { CursorSealer } from "#rest-api/cursor.js";
import { documentOf } from "#rest-api/document/document-of.js";
import { RECORDED } from "#rest-api/document/recorded.js";
import { OPERATIONS } from "#rest-api/operations/every-operation.js";
import { steadyNow } from "#service-kit/clocks/clock-reading.js";
import type { Access } from "#registry-protocol/scope.js";
import { asker } from "#service-kit/db/asker.js";
import type { Database } from "#service-kit/db/pool.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { requestLimit } from "#service-kit/http/request-limit.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { Readiness } from "#service-kit/readiness.js";
import { yamlFault } from "#service-kit/yaml-fault.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { auditOperations } from "../api/audit-operations.js";
import { auditQuestionOperations } from "../api/audit-question-operations.js";
import { contentOperations } from "../api/content-operations.js";
import { discoveryOperations } from "../api/discovery-operations.js";
import { eventOperations } from "../api/event-operations.js";
import { inUseOperations } from "../api/in-use-operations.js";
import { imageOperations } from "../api/image-operations.js";
import type { Asker } from "../api/implement.js";
import { installationOperations } from "../api/installation-operations.js";
import { modeOperations } from "../api/mode-operations.js";
import { outboxOperations } from "../api/outbox-operations.js";
import { pullOperations } from "../api/pull-operations.js";
import { referrerOperations } from "../api/referrer-operations.js";
import { repositoryOperations } from "../api/repository-operations.js";
import { restRoutes } from "../api/rest-routes.js";
import type { Right } from "../api/rights.js";
import { tagListOperations } from "../api/tag-list-operations.js";
import { tagOperations } from "../api/tag-operations.js";
import { tagPolicyTests } from "../api/tag-policy-test.js";
import type { Catalog } from "../catalog/catalog.js";
import type { GatewayConfig } from "../config/config.js";
import { standingManifests } from "../contents/standing-manifests.js";
import { unpackingTurns } from "../contents/unpacking-turns.js";
import { loadTagPolicy } from "../config/tag-policy-file.js";
import { documentRoutes } from "../documentation/document-routes.js";
import { unlessCollecting } from "../mode/collection-lock.js";
import { readPageFiles } from "../page/page-files.js";
import { pageRoutes } from "../page/page-routes.js";
import { viewOfCaller } from "../proxy/catalog.js";
import type { Caller } from "../proxy/caller.js";
import { clientOrigin } from "../proxy/client-origin.js";
import { keptFirst } from "../proxy/default-images.js";
import { actorFor } from "../proxy/exchange.js";
import { identifyLogin, identifyLoginFor, type CallerDeps } from "../proxy/identify-caller.js";
import type { ImageReader } from "../scm/find-source.js";
import type { Callers } from "./callers.js";
import type { Ledger } from "./ledger.js";
import type { Live } from "./live.js";
import type { ForwardingRegistry } from "./registry.js";
import { openSessions } from "./sessions.js";

/** What the token server lets members of `ADMIN_TEAMS` alone do. */
const ADMINISTRATION = { type: "registry", name: "administration", actions: ["*"] } as const;

/**
 * @param config - how many requests somebody may make, and where the ledger is
 * @param deps - ledger, audit log, rules, and who asks
 * @param own - what is the REST API's alone: what seals its cursors, reads images and looks whether a push would work
 * @returns the routes of the REST API that the gateway answers, and what describes all of it
 */
export function openRestApi(
  config: Pick<
    GatewayConfig,
    | "apiRequestsPerMinute"
    | "database"
    | "publicUrl"
    | "pullRecordDays"
    | "inUseReporters"
    | "sessions"
    | "pageIssuers"
    | "proxies"
  > & {
    /** What the web page was built into. */
    readonly pageFolder: string;
  },
  deps: {
    readonly db: Database;
    readonly log: Logger;
    readonly metrics: Pick<ServiceMetrics, "registry">;
    readonly audit: RecordAudit;
    readonly policy: TagPolicy;
    readonly catalog: Catalog;
    readonly ledger: Pick<Ledger, "resolver" | "waiting" | "kept">;
    readonly registry: Pick<ForwardingRegistry, "upstream">;
    readonly callers: Pick<Callers, "callers">;
    readonly live: Omit<Live, "parts">;
    readonly records: { readonly tally: Pick<Tally, "note"> };
  },
  own: {
    readonly sealer: CursorSealer;
    readonly reader: ImageReader;
    readonly readiness: () => Promise<Readiness>;
  },
): { readonly routes: readonly RequestHandler[] } {
  const { db, log, audit, policy, catalog } = deps;
  const { sealer, reader } = own;
  const { callers } = deps.callers;
  const { resolver, waiting } = deps.ledger;
  const rest = {
    sealer,
    limit: requestLimit(config.apiRequestsPerMinute, steadyNow),
    administered: noteReads(deps.records.tally),
    identify: async (req: HttpRequest, right: Right): Promise<Asker> => {
      const caller = await callerWith(callers, req, right);
      const view = right.to === "lists" ? await viewOfCaller(caller, callers.views) : null;
      const { validUntil } = caller;
      const actor = actorFor({ req, caller, context: contextOf(req) }, accessOf(right));
      return { actor, view, validUntil };
    },
  };
  const isAdministrator = async (req: HttpRequest) => {
    const { access } = await callerWith(callers, req, { to: "administration" }).catch(nobodyOf);
    return access.length > 0;
  };
  const sessions = openSessions(config, {
    ...{ db, log, audit, sealer, callers, isAdministrator, metrics: deps.metrics },
    ...{ tally: deps.records.tally, administered: rest.administered },
  });
  const manifest = standingManifests(db, reader);
  const operations = [
    ...tagOperations({ db, log, audit, policy, resolver, waiting }),
    ...pullOperations(db, sealer),
    ...inUseOperations({
      ...{ db, audit, reporters: config.inUseReporters, keepDays: config.pullRecordDays },
      hostOf: (req) => new URL(clientOrigin(req, config.publicUrl)).host,
    }),
    ...tagPolicyTests({ db, policy, read: readTagPolicy }),
    ...repositoryOperations({ catalog, audit }),
    ...tagListOperations({ catalog, policy }),
    ...contentOperations({ resolver, reader, manifest, turns: unpackingTurns() }),
    ...referrerOperations({
      ...{ db, ask: asker(), resolver },
      manifests: keptFirst(deps.ledger.kept, deps.registry.upstream),
    }),
    ...imageOperations({ catalog, resolver, reader, manifest }),
    ...auditOperations(db),
    ...auditQuestionOperations({ db, now: () => new Date() }),
    ...sessions.operations,
    ...discoveryOperations(catalog),
    ...installationOperations({ db, upstream: deps.registry.upstream, readiness: own.readiness }),
    ...modeOperations({
      ...{ db, audit },
      unlessCollecting: async (work) => (await unlessCollecting(config.database, log, work)).ran,
    }),
    ...outboxOperations({ db, audit }),
    ...eventOperations({ ...deps.live, sealer }),
  ];
  const document = documentRoutes(() => documentOf(OPERATIONS, RECORDED));
  const page = pageRoutes(readPageFiles(config.pageFolder));
  return { routes: [sessions.step, restRoutes(rest, operations), document, page] };
}

/** @returns what a right takes of a token, and is about */
function accessOf(right: Right): Access {
  switch (right.to) {
    case "lists":
      return { type: "registry", name: "catalog", actions: ["*"] };
    case "administration":
      return ADMINISTRATION;
    case "pull":
    case "push":
    case "delete":
      return { type: "repository", name: right.repository, actions: [right.to] };
  }
}

function callerWith(callers: CallerDeps, req: HttpRequest, right: Right): Promise<Caller> {
  switch (right.to) {
    case "lists":
      return identifyLogin(callers, req, { kind: "catalog" });
    case "pull":
      return identifyLogin(callers, req, { kind: "tags.list", repository: right.repository });
    case "push":
      return identifyLogin(callers, req, {
        ...{ kind: "upload.start", repository: right.repository, mount: null },
      });
    case "delete": {
      const { repository: name } = right;
      return identifyLoginFor(callers, req, { type: "repository", name, actions: ["delete"] });
    }
    case "administration":
      return identifyLoginFor(callers, req, ADMINISTRATION);
  }
}

/** Whoever is refused is no administrator; what is not decided is not answered. */
function nobodyOf(error: unknown): Pick<Caller, "access"> {
  if (error instanceof Fault && ["UNAUTHORIZED", "DENIED"].includes(error.code))
    return { access: [] };
  throw error;
}

/** A file's text that came with a request. */
function readTagPolicy(text: string): TagPolicy {
  try {
    return loadTagPolicy("policy", text);
  } catch (error) {
    throw yamlFault(error);
  }
}
