import { randomUUID } from "node:crypto";
import type { Logger } from "#service-kit/log.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import type { GatewayConfig } from "../config/config.js";
import { ownRequestMark } from "../upstream/own-requests.js";
import { callerStatement, type CallerStatement } from "../upstream/caller-statement.js";
import { upstreamAuthorization, type UpstreamAuthorization } from "../upstream/upstream-token.js";
import { registryUpstream, type Upstream } from "../upstream/upstream.js";
import { forwarder, type Forward } from "../upstream/forward.js";

/** Silence after which the token server's answer is given up, in seconds. */
const TOKEN_SERVER_SECONDS = 30;

/** The gateway's own requests to the registry. */
export interface UpstreamAccess {
  readonly authorization: UpstreamAuthorization;
  readonly upstream: Upstream;
  /** By which the registry's reports of them are known. */
  readonly userAgentMark: string;
}

/** The ways to what stands behind the gateway. */
export interface Behind extends UpstreamAccess {
  readonly forward: Forward;
  readonly forwardToTokenServer: Forward;
  readonly callerStatement: CallerStatement;
}

/**
 * @param config - addresses and names
 * @param keys - what requests are signed with
 * @returns the way to the registry for the gateway's own requests, and for those of commands
 */
export function openUpstream(config: GatewayConfig, keys: KeyRing): UpstreamAccess {
  const authorization = upstreamAuthorization({
    keys,
    issuer: config.upstreamIssuer,
    service: config.upstreamService,
    now: Date.now,
    newTokenId: randomUUID,
  });
  const userAgentMark = ownRequestMark(config.notifications.secrets[0]);
  const { registryUrl } = config;
  const upstream = registryUpstream(registryUrl, authorization, undefined, userAgentMark);
  return { authorization, upstream, userAgentMark };
}

/**
 * @param config - addresses and names
 * @param keys - what requests to the registry are signed with
 * @param log - where failures are told
 * @returns the ways to registry and token server
 */
export function openBehind(config: GatewayConfig, keys: KeyRing, log: Logger): Behind {
  const { registryUrl, tokenServerUrl, idleSeconds } = config;
  const access = openUpstream(config, keys);
  return {
    ...access,
    callerStatement: callerStatement({ keys, now: Date.now, newId: randomUUID }),
    forward: forwarder(
      {
        url: registryUrl,
        name: "the registry",
        passUnauthorized: false,
        idleSeconds,
      },
      log,
    ),
    forwardToTokenServer: forwarder(
      {
        url: tokenServerUrl,
        name: "the token server",
        passUnauthorized: true,
        idleSeconds: TOKEN_SERVER_SECONDS,
      },
      log,
    ),
  };
}
