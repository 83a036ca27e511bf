import { recordAudit, type RecordAudit } from "#audit-log/record-audit.js";
import type { Logger } from "#service-kit/log.js";
import { openKeyRing } from "#service-kit/signing/key-ring.js";
import { trustOutboundAuthorities } from "#service-kit/tls/outbound-authorities.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { readConfig, type GatewayConfig } from "../config/config.js";
import { withTagGrounds } from "../ledger/with-tag-grounds.js";
import { openOwnRequests, type Registry } from "./registry.js";
import { openTagRules } from "./tag-rules.js";

/**
 * A command asks whom a gateway asks, and believes whom that believes.
 *
 * @param env - the gateway's environment
 * @returns its configuration
 * @throws ConfigError when it cannot be understood
 */
export function configOfCommand(env: NodeJS.ProcessEnv): GatewayConfig {
  const config = readConfig(env);
  trustOutboundAuthorities(config.outboundAuthoritiesFile);
  return config;
}

/**
 * @param config - the gateway's
 * @param log - where failures are told
 * @param isThorough - whether the registry is also asked for what it leaves out of its lists
 * @returns the rules for tags as they are now, and the way to the registry
 */
export async function openRegistryOfCommand(
  config: GatewayConfig,
  log: Logger,
  isThorough = false,
): Promise<{ readonly policy: TagPolicy; readonly registry: Registry }> {
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  // The gateways put a change of the rules on record.
  const records = { note: () => undefined, record: () => Promise.resolve() };
  const { policy } = await openTagRules(config.tagPolicyFile, { records, log });
  return { policy, registry: openOwnRequests(config, keys, isThorough) };
}

/**
 * @param policy - the rules for tags
 * @returns what writes the audit log, as gateways do
 */
export function recordOfCommand(policy: TagPolicy): RecordAudit {
  return withTagGrounds(recordAudit, policy);
}
