import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { createLogger } from "#service-kit/log.js";
import type { GatewayConfig } from "../config/config.js";
import { registryProcesses, type RegistryProcesses } from "../upstream/registry-processes.js";
import { openOwnRequests } from "./registry.js";

/**
 * @param config - the registry, its processes, and what requests to it are signed with
 * @returns what asks each process of the registry, for a command
 * @throws ConfigError when the keys cannot be used
 */
export async function openRegistryProcesses(config: GatewayConfig): Promise<RegistryProcesses> {
  const log = createLogger("mode", "silent");
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  const { authorization } = openOwnRequests(config, keys);
  return registryProcesses(config.registryUrl, config.registryProcesses, authorization);
}
