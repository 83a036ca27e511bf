import { createHmac } from "node:crypto";
import type { Secret } from "#service-kit/secret.js";

/**
 * The registry's events carry the user agent of the request and nothing else that a gateway could choose, so
 * gateways sign there: what they asked for themselves they know already. Nobody without the secret can have a
 * request taken for a gateway's.
 *
 * @param secret - the notification secret, which all gateways of a registry share
 * @returns what gateways append to the user agent of their requests to the registry
 */
export function ownRequestMark(secret: Secret): string {
  const mac = createHmac("sha256", secret.reveal()).update("requests of the gateway");
  return `wharfinger/${mac.digest("hex").slice(0, 16)}`;
}

/**
 * @param userAgent - user agent of a client, if it named one
 * @param mark - see {@link ownRequestMark}
 * @returns user agent of the gateway's request to the registry
 */
export function markedUserAgent(userAgent: string | undefined, mark: string): string {
  return userAgent === undefined ? mark : `${userAgent} ${mark}`;
}

/**
 * @param userAgent - user agent of a request that the registry reports
 * @param mark - see {@link ownRequestMark}
 * @returns whether a gateway made the request
 */
export function isOwnRequest(userAgent: string, mark: string): boolean {
  return userAgent === mark || userAgent.endsWith(` ${mark}`);
}
