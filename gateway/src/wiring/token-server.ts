import { randomUUID } from "node:crypto";
import type { Logger } from "#service-kit/log.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import type { Routed } from "#service-kit/http/entry.js";
import { tokenRoute, tokenServerRoutes } from "../routes/token-server-routes.js";
import { callerStatement } from "../upstream/caller-statement.js";
import { loginExchange, type ExchangeLogin } from "../upstream/exchange-login.js";
import { forwarder, type UpstreamTarget } from "../upstream/forward.js";

/** Silence after which the token server's answer is given up, in seconds. */
const IDLE_SECONDS = 30;

/** All that it answers. */
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json\b/i;

/** What a gateway asks for nobody's sake is from nowhere else. */
const LOOPBACK = "127.0.0.1";

/** The way to the token server. */
export interface TokenServer extends Routed {
  /** @returns headers of a GET of the gateway's own, by its path */
  readonly introduce: (path: string) => Readonly<Record<string, string>>;
  /** Gets registry tokens for who shows something else. */
  readonly exchange: ExchangeLogin;
}

/**
 * @param urls - where it is, and others that do the same
 * @returns it, for a forwarder
 */
export function tokenServerTarget(urls: readonly [string, ...string[]]): UpstreamTarget {
  return {
    ...{ url: urls[0], urls, speaks: JSON_TYPE, name: "the token server" },
    ...{ passUnauthorized: true, idleSeconds: IDLE_SECONDS },
  };
}

/**
 * @param urls - where it is, and others that do the same
 * @param keys - what the gateway signs with for whom it asks
 * @param about - the service that tokens are for, and where failures are told
 * @returns the routes that it answers, and how the gateway asks for itself
 */
export function openTokenServer(
  urls: readonly [string, ...string[]],
  keys: KeyRing,
  { service, log }: { readonly service: string; readonly log: Logger },
): TokenServer {
  const forwardToTokenServer = forwarder(tokenServerTarget(urls), log);
  const statement = callerStatement({ keys, service, now: Date.now, newId: randomUUID });
  const asked = { forwardToTokenServer, callerStatement: statement };
  return {
    direct: tokenRoute(asked),
    routes: [tokenServerRoutes(asked)],
    exchange: loginExchange({ urls, service, callerStatement: statement }),
    introduce: (path) =>
      statement({ address: LOOPBACK, requestId: randomUUID() }, { method: "GET", path }),
  };
}
