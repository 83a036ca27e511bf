import type { IncomingMessage } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { contextOf } from "#service-kit/http/request-context.js";

/**
 * @param req - a request whose context is open
 * @param publicUrl - configured origin, or `null`
 * @returns scheme, host and port under which the client reaches the gateway
 * @throws Fault REQUEST_INVALID when the client named no host that could be one
 */
export function clientOrigin(req: IncomingMessage, publicUrl: string | null): string {
  if (publicUrl !== null) return publicUrl;
  const { scheme, host } = contextOf(req).client;
  if (host === null)
    throw new Fault("REQUEST_INVALID", { message: "the Host header is missing or not valid" });
  return `${scheme}://${host}`;
}
