import type { RequestListener } from "node:http";
import { refuseCrossSite, refuseOtherThanJson } from "#service-kit/http/cross-site.js";
import { entryListener, type Routed } from "#service-kit/http/entry.js";
import { openContext, type RefusedRequest } from "#service-kit/http/request-context.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { Traces } from "#service-kit/trace.js";
import type { RequestOrigin } from "./told-by-gateway.js";

/** What every request passes, whatever it is about. */
export interface EntryDeps {
  readonly log: Logger;
  readonly metrics: ServiceMetrics;
  /** Told of what would have changed something, and failed. */
  readonly refused: (request: RefusedRequest) => void;
  /** Absent, or `null`: nobody collects them. */
  readonly traces?: Traces | null;
  readonly origin: RequestOrigin;
}

/**
 * @param deps - log, metrics, traces, and where requests are from
 * @param parts - all that have routes, in their order; whoever knows a request answers it, others pass it on
 * @returns every public route of the token server
 */
export function tokenServerRoutes(deps: EntryDeps, parts: readonly Routed[]): RequestListener {
  const { log, metrics, refused, traces = null, origin } = deps;
  const { client, requestId } = origin;
  const context = { log, metrics, refused, traces, client, requestId };
  return entryListener((req, res) => {
    openContext(req, res, context);
    // The gateway compares the origin with its own.
    refuseCrossSite(req, () => null);
    if (req.url.startsWith("/api/")) refuseOtherThanJson(req);
    return true;
  }, parts);
}
