import type { IncomingMessage } from "node:http";

/**
 * @param req - a request
 * @returns whether it asks how the service is: a load balancer that got no answer would take it out of service for
 *   being busy
 */
export function isProbe({ method, url }: Pick<IncomingMessage, "method" | "url">): boolean {
  if (method !== "GET" && method !== "HEAD") return false;
  return url === "/.well-known/health" || url === "/ready";
}
