import type { AuditEntry } from "#audit-log/entry.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { SILENT } from "./silent.js";
import { AUDIT_LOG_MIGRATIONS, LEDGER_MIGRATIONS } from "./migrations.js";
import { configOf, migratedDatabase } from "./migrated-database.js";
import { startTestPostgres, type TestPostgres } from "./postgres.js";

export { SILENT } from "./silent.js";

/** An entry of the audit log as a test reads it. */
export type AuditedEntry = AuditEntry & { readonly at: string };

/** A ledger that no other test sees, with the audit log beside it. */
export interface TestLedger {
  readonly config: DatabaseConfig;
  /** Opens another pool on it, as another gateway would; closed with the ledger. */
  open(options?: { port?: number; connections?: number }): Database;
  /** Forgets everything that was pushed; the audit log stays, since nothing can be taken from it. */
  clear(): Promise<void>;
  /** What was audited since the ledger was cleared last, in the order of each repository. */
  audited(): Promise<AuditedEntry[]>;
  close(): Promise<void>;
}

/**
 * @param postgres - a running Postgres
 * @returns how to log in to an empty database of it
 */
export async function emptyDatabase(postgres: TestPostgres): Promise<DatabaseConfig> {
  return configOf(await postgres.createDatabase());
}

/**
 * @param postgres - a running Postgres
 * @returns an empty ledger in a database of its own
 */
export async function createLedger(postgres: TestPostgres): Promise<TestLedger> {
  const config = await migratedDatabase(postgres, [LEDGER_MIGRATIONS, AUDIT_LOG_MIGRATIONS]);
  const pools: Database[] = [];
  let clearedAt = new Date(0).toISOString();
  return {
    config,
    open: ({ port = config.port, connections = 8 } = {}) => {
      const pool = openDatabase({ ...config, port }, { name: "test", connections }, SILENT);
      pools.push(pool);
      return pool;
    },
    clear: async () => {
      await clear(config);
      clearedAt = new Date().toISOString();
    },
    audited: async () => (await allAudited(config)).filter(({ at }) => at >= clearedAt),
    close: async () => {
      await Promise.all(pools.map((pool) => pool.close()));
    },
  };
}

/** A ledger that is all that a file's tests want of Postgres. */
export interface StartedLedger extends TestLedger {
  /** A pool on it. */
  readonly db: Database;
  /** Closes the ledger and forgets it. */
  stop(): Promise<void>;
}

/** @returns an empty ledger */
export async function startLedger(): Promise<StartedLedger> {
  const postgres = await startTestPostgres();
  const ledger = await createLedger(postgres);
  const stop = async () => {
    await ledger.close();
    await postgres.stop();
  };
  return { ...ledger, db: ledger.open(), stop };
}

async function allAudited(config: DatabaseConfig): Promise<AuditedEntry[]> {
  const db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
  const { rows } = await db.query<{ content: string }>(
    "select content from audit.entry order by at",
  );
  await db.close();
  return rows.map(({ content }) => JSON.parse(content) as AuditedEntry);
}

async function clear(config: DatabaseConfig): Promise<void> {
  const db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
  const { rows } = await db.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname = 'ledger' and tablename <> 'migration'`,
  );
  const empty = () =>
    db.query(`truncate ${rows.map(({ name }) => name).join(", ")}`).then(
      () => true,
      (error: unknown) => {
        if (isDeadlock(error)) return false;
        throw error;
      },
    );
  // What the test before left to do in the background may hold some of them and wait for others.
  while (!(await empty()));
  await db.close();
}

function isDeadlock(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : null;
  return cause instanceof Error && "code" in cause && cause.code === "40P01";
}
