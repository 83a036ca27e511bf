import type { RequestListener } from "node:http";
import type { ClientReader } from "#service-kit/http/client-reader.js";
import { refuseCrossSite, refuseOtherThanJson } from "#service-kit/http/cross-site.js";
import { entryListener, type Routed } from "#service-kit/http/entry.js";
import { openContext, type RefusedRequest } from "#service-kit/http/request-context.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { Traces } from "#service-kit/trace.js";
import { clientOrigin } from "../proxy/client-origin.js";
import { refuseOddRequest } from "../upstream/odd-request.js";
import type { CrossOrigin } from "./cross-origin.js";

/** What every request passes, whatever it is about. */
export interface EntryDeps {
  readonly log: Logger;
  readonly metrics: ServiceMetrics;
  /** Told of what would have changed something, and failed. */
  readonly refused: (request: RefusedRequest) => void;
  /** `null`: nobody collects them. */
  readonly traces: Traces | null;
  readonly client: ClientReader;
  readonly publicUrl: string | null;
  /** Pages of which other origins may read; the listener marks the answers. */
  readonly crossOrigin: CrossOrigin;
}

/**
 * @param deps - log, metrics, traces, and who counts as whom
 * @param parts - all that have routes, in their order; whoever knows a request answers it, others pass it on
 * @returns every public route of the gateway
 */
export function gatewayRoutes(deps: EntryDeps, parts: readonly Routed[]): RequestListener {
  const { log, metrics, refused, traces, client, publicUrl, crossOrigin } = deps;
  const context = { log, metrics, refused, traces, client };
  return entryListener((req, res) => {
    const opened = openContext(req, res, context);
    refuseOddRequest(req, res);
    if (crossOrigin.answerPreflight(req, res)) {
      opened.route = "preflight";
      return false;
    }
    refuseCrossSite(req, () => clientOrigin(req, publicUrl));
    if (req.url.startsWith("/api/")) refuseOtherThanJson(req);
    return true;
  }, parts);
}
