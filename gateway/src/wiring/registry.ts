import { randomUUID } from "node:crypto";
import type { Logger } from "#service-kit/log.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import type { GatewayConfig } from "../config/config.js";
import type { Bounds } from "../ledger/bounds.js";
import { ownRequestMark } from "../upstream/own-requests.js";
import {
  registryListing,
  thoroughListing,
  type RegistryListing,
} from "#service-kit/http/registry-listing.js";
import { upstreamAuthorization, type UpstreamAuthorization } from "../upstream/upstream-token.js";
import { registryUpstream, type Upstream } from "../upstream/upstream.js";
import { forwarder, type Forward } from "../upstream/forward.js";

/** The gateway's own requests to the registry. */
export interface Registry {
  readonly url: string;
  readonly authorization: UpstreamAuthorization;
  readonly upstream: Upstream;
  readonly listing: RegistryListing;
  /** How long it may take for what it has not answered. */
  readonly bounds: Bounds;
  /** By which the registry's reports of them are known; absent: not at all. */
  readonly userAgentMark?: string;
}

/** The registry for clients, too. */
export interface ForwardingRegistry extends Registry {
  readonly forward: Forward;
}

type RegistryConfig = Pick<
  GatewayConfig,
  "registryUrl" | "upstreamIssuer" | "upstreamService" | "notifications" | "bounds"
>;

/**
 * @param config - addresses and names
 * @param keys - what requests are signed with
 * @param isThorough - whether lists are looked through for what some registries leave out, with a question for each tag
 * @returns the way to the registry for the gateway's own requests, and for those of commands
 */
export function openOwnRequests(
  config: RegistryConfig,
  keys: KeyRing,
  isThorough = false,
): Registry {
  const authorization = upstreamAuthorization({
    keys,
    issuer: config.upstreamIssuer,
    service: config.upstreamService,
    now: Date.now,
    newTokenId: randomUUID,
  });
  const userAgentMark = ownRequestMark(config.notifications.secrets[0]);
  const { registryUrl: url, bounds } = config;
  const upstream = registryUpstream(url, authorization, undefined, userAgentMark);
  const listing = (isThorough ? thoroughListing : registryListing)(url, authorization);
  return { url, authorization, upstream, listing, bounds, userAgentMark };
}

/**
 * @param config - addresses and names
 * @param keys - what requests to the registry are signed with
 * @param log - where failures are told
 * @returns the way to the registry for everybody's requests
 */
export function openRegistry(
  config: RegistryConfig & Pick<GatewayConfig, "idleSeconds">,
  keys: KeyRing,
  log: Logger,
): ForwardingRegistry {
  const registry = openOwnRequests(config, keys);
  const { idleSeconds } = config;
  const way = { url: registry.url, name: "the registry", hasLargeBodies: true };
  return { ...registry, forward: forwarder({ ...way, passUnauthorized: false, idleSeconds }, log) };
}
