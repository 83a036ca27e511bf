import type { EnvReader } from "../config.js";
import type { ConnectionLimits } from "./connection-count.js";
import { bareAddress } from "./forwarded.js";
import { trustedPeers } from "./trusted-peers.js";

/**
 * @param read - the environment
 * @param trustedProxies - peers from which everybody comes
 * @returns how many connections a service's listener bears
 */
export function readConnectionLimits(
  read: Pick<EnvReader, "integer">,
  trustedProxies: readonly string[],
): ConnectionLimits {
  const isTrusted = trustedPeers(trustedProxies);
  return {
    inAll: read.integer("MAX_CONNECTIONS", 2_048, { min: 16, max: 1_000_000 }),
    // A whole cluster behind one address that pulls at once makes some hundreds.
    perSource: read.integer("MAX_CONNECTIONS_PER_SOURCE", 512, { min: 4, max: 1_000_000 }),
    isTrusted: (peer) => isTrusted(bareAddress(peer ?? "") ?? ""),
  };
}
