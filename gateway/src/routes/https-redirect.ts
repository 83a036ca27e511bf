import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import { entryListener, type Routed } from "#service-kit/http/entry.js";
import { contextOf, openContext } from "#service-kit/http/request-context.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import { refuseOddRequest } from "../upstream/odd-request.js";

/** Where HTTPS is, and what is answered without it. */
export interface RedirectDeps {
  readonly log: Logger;
  readonly metrics: ServiceMetrics;
  /** Origin that clients use; `null`: the host that each asks for, at `httpsPort`. */
  readonly publicUrl: string | null;
  readonly httpsPort: number;
  /** Answered before anything is redirected: what an authority of certificates asks. */
  readonly parts: readonly Routed[];
}

const HTTPS_PORT = 443;
/** Whoever asks for one of these shows a login next. */
const OF_CLIENTS = /^\/(?:v2|v1|token)(?:[/?]|$)/;

/**
 * Leads browsers to HTTPS. A registry's client is not led there: it would take the registry for one without TLS and show its
 * next token here, in the open, before it is led away again. So it is refused before it has shown anything, and so is
 * whoever shows something.
 *
 * @param deps - where HTTPS is
 * @returns the answers of the port without TLS
 */
export function httpsRedirect(deps: RedirectDeps): RequestListener {
  const { log, metrics, publicUrl, httpsPort, parts } = deps;
  const client = clientReader([], { log, now: Date.now });
  const redirect = (req: IncomingMessage, res: ServerResponse): true => {
    contextOf(req).route = "https-redirect";
    refuseExposed(req);
    const { host } = contextOf(req).client;
    const origin = publicUrl ?? httpsOrigin(host, httpsPort);
    res.writeHead(308, { Location: `${origin}${req.url ?? "/"}`, "Content-Length": 0 }).end();
    return true;
  };
  const enter = (req: IncomingMessage, res: ServerResponse): true => {
    openContext(req, res, { log, metrics, client });
    refuseOddRequest(req, res);
    return true;
  };
  return entryListener(enter, [...parts, { direct: redirect, routes: [] }]);
}

function refuseExposed(req: IncomingMessage): void {
  const { method, url = "/", headers } = req;
  if (headers.authorization !== undefined || headers.cookie !== undefined)
    throw new Fault("TLS_REQUIRED", {
      message:
        "a login was sent without TLS and may have been read on the way: change it, and use https://",
    });
  if ((method !== "GET" && method !== "HEAD") || OF_CLIENTS.test(url))
    throw new Fault("TLS_REQUIRED");
}

function httpsOrigin(host: string | null, port: number): string {
  if (host === null)
    throw new Fault("REQUEST_INVALID", { message: "the Host header is missing or not valid" });
  const name = host.replace(/:\d+$/, "");
  return `https://${name}${port === HTTPS_PORT ? "" : `:${port}`}`;
}
