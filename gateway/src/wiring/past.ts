import { randomUUID } from "node:crypto";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { GatewayConfig } from "../config/config.js";
import { readMode } from "../mode/sql.js";
import { pastForgetting, type ForgetPastDeps } from "../past/forget-past.js";
import { openDeletionOfManifests } from "./deletion.js";
import type { Registry } from "./registry.js";

type PastConfig = Pick<GatewayConfig, "keepInUseDays" | "keepPastManifestsDays">;

/**
 * @param config - for how long the past and what is used are kept
 * @param deps - ledger, audit log, rules and registry
 * @returns what forgets the past; nothing does where it is kept for ever
 */
export function openPast(config: PastConfig, deps: PastDeps): Opened {
  return {
    parts: config.keepPastManifestsDays === 0 ? [] : [pastForgetting(forgettingOf(config, deps))],
  };
}

/** What forgetting is made of. */
export interface PastDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly policy: TagPolicy;
  readonly registry: Registry;
}

/**
 * @param config - as {@link openPast}
 * @param deps - likewise
 * @returns what forgetting needs
 */
export function forgettingOf(config: PastConfig, deps: PastDeps): ForgetPastDeps {
  const deletion = openDeletionOfManifests(config, deps);
  return {
    deletion: deletion.deps,
    ...{ inUse: deletion.inUse, keepDays: config.keepPastManifestsDays },
    atRegistry: (manifest) => deletion.atRegistry(manifest, randomUUID()),
    mayWrite: async () => (await readMode(deps.db)).name === "normal",
  };
}
