import { AUDIT_MIGRATIONS } from "#audit-log/migrations.js";
import { openRecords, type Records } from "#audit-log/open-records.js";
import { boundedDatabase } from "#service-kit/db/bounded.js";
import { migrator } from "#service-kit/db/migrate.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { wholeDatabase } from "#service-kit/db/whole-database.js";
import { changedFiles } from "#service-kit/files-read-once.js";
import { openInspector } from "#service-kit/inspector.js";
import { createLogger, type Logger } from "#service-kit/log.js";
import { createMetrics, type ServiceMetrics } from "#service-kit/metrics.js";
import { refusedFiles, type RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { openKeyRing, type KeyRing } from "#service-kit/signing/key-ring.js";
import { openTraces } from "#service-kit/tracing/open-traces.js";
import type { Traces } from "#service-kit/trace.js";
import { followOutboundAuthorities } from "#service-kit/tls/outbound-authorities.js";
import type { TokenServerConfig } from "../config/config.js";
import { TOKEN_SERVER_MIGRATIONS } from "./migrations.js";

/** What everything in a token server stands on. */
export interface Base extends Opened {
  readonly log: Logger;
  readonly metrics: ServiceMetrics;
  readonly keys: KeyRing;
  readonly db: Database;
  readonly records: Records;
  /** Whether what followed files say now counts. */
  readonly files: RefusedFiles;
  /** @returns why the schema is not up to date; `null` when it is */
  readonly unmigrated: () => string | null;
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
    TokenServerConfig,
    | "logLevel"
    | "changedBy"
    | "inspectorPort"
    | "keys"
    | "database"
    | "databaseConnections"
    | "outboundAuthoritiesFile"
    | "tracing"
  >,
  readOnce: ReadonlyMap<string, string>,
): Promise<Base> {
  const log = createLogger("token-server", config.logLevel);
  openInspector(config.inspectorPort, log);
  const traced = { name: "token-server", database: config.database.database };
  const tracing = await openTraces(config.tracing, traced, log);
  const metrics = createMetrics();
  const files = refusedFiles(metrics.registry);
  const outbound = await followOutboundAuthorities(config.outboundAuthoritiesFile, { log, files });
  const { database, databaseConnections: connections } = config;
  const options = { name: "token-server", connections, registry: metrics.registry };
  const schemas = [TOKEN_SERVER_MIGRATIONS, AUDIT_MIGRATIONS];
  const schema = migrator(database, schemas, log);
  const whole = wholeDatabase(openDatabase(database, options, log), schemas, log);
  const db = boundedDatabase(whole.db, connections);
  const unmigrated = () => schema.unmigrated() ?? whole.hindrance();
  const keys = await openKeyRing(config.keys, { now: Date.now, log });
  const records = openRecords(config.keys.owner, {
    ...{ db, keys, log },
    changedBy: config.changedBy,
  });
  const pool = { name: "database", start: () => Promise.resolve(), stop: () => whole.db.close() };
  const following = outbound === null ? [] : [outbound];
  const stores = [pool, schema, whole.watch, ...records.parts];
  const parts = [...tracing.parts, ...following, ...stores, keys, changedFiles(readOnce, log)];
  const { traces } = tracing;
  return { log, metrics, keys, db, records, files, unmigrated, traces, parts };
}
