import { join } from "node:path";
import { checkpointer } from "#audit-log/checkpointer.js";
import { seenCheckpoint } from "#audit-log/seen-checkpoint.js";
import { openRecords, type Records } from "#audit-log/open-records.js";
import { changedFiles } from "#service-kit/files-read-once.js";
import { openInspector } from "#service-kit/inspector.js";
import type { Database } from "#service-kit/db/pool.js";
import { createLogger, type Logger } from "#service-kit/log.js";
import { refusedFiles, type RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { openKeyRing, type KeyRing } from "#service-kit/signing/key-ring.js";
import { followOutboundAuthorities } from "#service-kit/tls/outbound-authorities.js";
import type { GatewayConfig } from "../config/config.js";
import { openTraces } from "#service-kit/tracing/open-traces.js";
import type { Traces } from "#service-kit/trace.js";
import { gatewayMetrics, type GatewayMetrics } from "./gateway-metrics.js";
import { openStore, type Store } from "./store.js";

/** What everything in a gateway stands on. */
export interface Base extends Opened {
  readonly log: Logger;
  readonly metrics: GatewayMetrics;
  readonly keys: KeyRing;
  readonly store: Store;
  /** The same as `store.db`. */
  readonly db: Database;
  readonly records: Records;
  /** Whether what followed files say now counts. */
  readonly files: RefusedFiles;
  /** `null`: nobody collects them. */
  readonly traces: Traces | null;
}

/**
 * @param config - database, keys, and how much is logged
 * @param readOnce - files that are read at the start alone, by variable
 * @returns log, metrics, keys, database and audit log
 * @throws ConfigError when the keys cannot be used
 */
export async function openBase(
  config: Pick<
    GatewayConfig,
    | "logLevel"
    | "changedBy"
    | "inspectorPort"
    | "keys"
    | "database"
    | "databaseConnections"
    | "outboundAuthoritiesFile"
    | "checkpoints"
    | "stateFolder"
    | "tracing"
  >,
  readOnce: ReadonlyMap<string, string>,
): Promise<Base> {
  const log = createLogger("gateway", config.logLevel);
  openInspector(config.inspectorPort, log);
  const traced = { name: "gateway", database: config.database.database };
  const tracing = await openTraces(config.tracing, traced, log);
  const metrics = gatewayMetrics();
  const files = refusedFiles(metrics.registry);
  const outbound = await followOutboundAuthorities(config.outboundAuthoritiesFile, { log, files });
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  const store = openStore(config, { log, registry: metrics.registry });
  const { db } = store;
  const records = openRecords(config.keys.owner, {
    ...{ db, keys, log },
    changedBy: config.changedBy,
  });
  const interval = config.checkpoints;
  const signing = checkpointer({ db, log, key: () => keys.active(), interval });
  const watch = changedFiles(readOnce, log);
  const { directory, owner } = config.keys;
  const file = join(config.stateFolder ?? directory, `${owner}-newest-checkpoint.json`);
  const seen = seenCheckpoint({ db, log, metrics, file });
  const following = outbound === null ? [] : [outbound];
  const ledgers = [...store.parts, ...records.parts];
  const parts = [...tracing.parts, ...following, ...ledgers, signing, seen, keys, watch];
  return { log, metrics, keys, store, db, records, files, parts, traces: tracing.traces };
}
