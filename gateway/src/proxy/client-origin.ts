import type { Request } from "express";
import { Fault } from "#registry-protocol/faults.js";

/** A host name or address with an optional port: nothing that could end a quoted header value. */
const HOST = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * @param req - a request; Express has applied `X-Forwarded-*` of trusted proxies alone
 * @param publicUrl - configured origin, or `null`
 * @returns scheme, host and port under which the client reaches the gateway
 * @throws Fault REQUEST_INVALID when the client named no host that could be one
 */
export function clientOrigin(req: Request, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl;
  const host: unknown = req.host;
  if (typeof host !== "string" || !HOST.test(host))
    throw new Fault("REQUEST_INVALID", { message: "the Host header is missing or not valid" });
  return `${req.protocol}://${host}`;
}
