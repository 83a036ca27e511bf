import type { IncomingMessage, ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { rawValuesOf } from "#service-kit/http/raw-headers.js";
import { framingOf } from "./client-framing.js";

/**
 * Refuses what no registry client sends and programs read differently, before any route sees it: a target that is not
 * a path (RFC 9112 section 3.2), a version of HTTP other than 1.0 and 1.1, several hosts, an ambiguous framing.
 * `Upgrade` is ignored, which RFC 9110 section 7.8 allows: Java's HTTP client offers h2c with every first request.
 *
 * @param req - a request
 * @param res - its answer, not begun; the connection is not kept after a refusal
 * @throws Fault REQUEST_INVALID
 */
export function refuseOddRequest(req: IncomingMessage, res: ServerResponse): void {
  try {
    if (req.url?.startsWith("/") !== true) throw odd("the request's target is not a path");
    if (req.httpVersion !== "1.1" && req.httpVersion !== "1.0")
      throw odd("this version of HTTP is not supported");
    if (rawValuesOf(req.rawHeaders, "host").length > 1)
      throw odd("the request names more than one host");
    framingOf(req);
  } catch (error) {
    res.shouldKeepAlive = false;
    throw error;
  }
}

function odd(message: string): Fault {
  return new Fault("REQUEST_INVALID", { message });
}
