import { runner } from "node-pg-migrate";
import pg from "pg";
import type { Logger } from "../log.js";
import type { Component } from "../run-until-signal.js";
import { connectionOptions, type DatabaseConfig } from "./pool.js";

/** A folder of forward-only SQL migrations and the schema that they fill. */
export interface MigrationSet {
  /** Postgres schema, created when missing; also holds the list of applied migrations. */
  readonly schema: string;
  /** Absolute path of a folder of files `000001_name.sql`. */
  readonly directory: string;
}

/** Any constant will do that no other work has for its lock, so long as every replica takes the same one. */
const MIGRATION_LOCK = 7_246_391;

/**
 * While a migration waits for a table, whoever comes after it waits too. Replicas that still serve would stand as
 * long as the longest statement that reads the table, such as that of a backup or of `verify`.
 */
const TABLE_LOCK_MILLISECONDS = 2_000;

/**
 * Brings the schema up to date. Safe with several replicas: one migrates, the others wait for it.
 *
 * @param config - where the database is
 * @param migrations - what to apply
 * @param log - where each applied migration is told
 * @throws whatever Postgres says, when it cannot be reached, a table is in use for too long or a migration fails;
 *   then nothing of that migration stays
 */
export async function migrate(
  config: DatabaseConfig,
  migrations: MigrationSet,
  log: Logger,
): Promise<void> {
  const client = new pg.Client({ ...connectionOptions(config), application_name: "migration" });
  client.on("error", (error) => {
    log.warn({ event: "database.connection-lost", reason: error.message });
  });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock($1)", [MIGRATION_LOCK]);
    await client.query(`set lock_timeout = ${TABLE_LOCK_MILLISECONDS}`);
    const applied = await runner({
      dbClient: client,
      dir: migrations.directory,
      direction: "up",
      migrationsTable: "migration",
      schema: migrations.schema,
      createSchema: true,
      singleTransaction: true,
      // Our own lock waits; the library's gives up at once when another replica holds it.
      noLock: true,
      logger: silent,
    });
    for (const { name } of applied)
      log.info({ event: "database.migrated", schema: migrations.schema, migration: name });
  } finally {
    await client.end();
  }
}

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Keeps trying to migrate in the background until it has succeeded. */
export interface Migrator extends Component {
  /** @returns whether the schema is up to date */
  readonly migrated: () => boolean;
}

const RETRY_MILLISECONDS = 1_000;

/**
 * A service starts without its database, since much of what it does needs none; it migrates as soon as the
 * database answers.
 *
 * @param config - where the database is
 * @param migrations - what to apply
 * @param log - where failures are told
 * @returns a component
 */
export function migrator(
  config: DatabaseConfig,
  migrations: readonly MigrationSet[],
  log: Logger,
): Migrator {
  let done = false;
  let timer: NodeJS.Timeout | undefined;
  const attempt = async (): Promise<void> => {
    try {
      for (const set of migrations) await migrate(config, set, log);
      done = true;
    } catch (error) {
      log.error({ event: "database.migration-failed", err: error });
      timer = setTimeout(() => void attempt(), RETRY_MILLISECONDS);
    }
  };
  return {
    name: "migration",
    migrated: () => done,
    start: attempt,
    stop: () => {
      clearTimeout(timer);
      return Promise.resolve();
    },
  };
}
