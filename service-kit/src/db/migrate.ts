import { runner } from "node-pg-migrate";
import type pg from "pg";
import { breaker, type Patience } from "./breaker.js";
import { amendEarlierForms } from "./earlier-forms.js";
import { endClient } from "./end-client.js";
import { lastingFailure } from "../lasting-failure.js";
import type { Logger } from "../log.js";
import type { Component } from "../run-until-signal.js";
import { judgeSchema, notWhole } from "./judge-schema.js";
import { WORK_LOCKS } from "./locks.js";
import { examineRole, pendingMigrations, type OwnRole } from "./own-role.js";
import type { DatabaseConfig } from "./config.js";
import { readMigrationFiles } from "./migration-files.js";
import {
  isBeingRestored,
  markWhole,
  recordedMigrations,
  recordMigrations,
} from "./recorded-migrations.js";
import { tellingLosses } from "./servers.js";
import { PoolerError } from "./pooler.js";
import { connectSession } from "./session.js";
import { isThere } from "./is-there.js";
import { grantRights, MIGRATION_TABLE, type SchemaRights } from "./rights.js";

/** A schema that this version must not touch; the message says which, and why. */
class SchemaError extends Error {
  override readonly name = "SchemaError";
}

/** A folder of forward-only SQL migrations and the schema that they fill. */
export interface MigrationSet {
  /** Postgres schema, created when missing; also holds the list of applied migrations. */
  readonly schema: string;
  /** Absolute path of a folder of files `000001_name.sql`. */
  readonly directory: string;
  /** What the services' roles may do in it, granted after the migrations; absent: nothing. */
  readonly rights?: SchemaRights;
}

/**
 * While a migration waits for a table, whoever comes after it waits too. Replicas that still serve would stand as
 * long as the longest statement that reads the table, such as that of a backup or of `verify`.
 */
const TABLE_LOCK_MILLISECONDS = 2_000;

/**
 * Brings the schema up to date, and the rights of the services' roles in it. Safe with several replicas: one migrates,
 * the others wait for it.
 *
 * @param config - where the database is; the role has to own the schema, or to make it
 * @param migrations - what to apply
 * @param log - where each applied migration is told
 * @param patience - how long a silent server is waited for; another than usual in tests alone
 * @throws whatever Postgres says, when it cannot be reached, a table is in use for too long or a migration fails;
 *   then nothing of that migration stays
 */
export async function migrate(
  config: DatabaseConfig,
  migrations: MigrationSet,
  log: Logger,
  patience?: Patience,
): Promise<void> {
  await withClient(config, log, (client) => apply(client, migrations, log), patience);
}

async function apply(client: pg.Client, migrations: MigrationSet, log: Logger): Promise<void> {
  const { schema } = migrations;
  await client.query("select pg_advisory_lock($1)", [WORK_LOCKS.migration]);
  await client.query(`set lock_timeout = ${TABLE_LOCK_MILLISECONDS}`);
  const files = await readMigrationFiles(migrations.directory);
  const recorded = await recordedMigrations(client, schema);
  const { refusal, isNewer } = judgeSchema(schema, files, recorded);
  const why = (await isBeingRestored(client, schema)) ? notWhole(schema) : refusal;
  if (why !== null) throw new SchemaError(why);
  const unknownForm = recorded.filter(({ sha256 }) => sha256 === null).map(({ name }) => name);
  await amendEarlierForms(client, migrations.directory, unknownForm);
  const applied = await runner({
    dbClient: client,
    dir: migrations.directory,
    direction: "up",
    migrationsTable: MIGRATION_TABLE,
    schema,
    // Who owns a schema may not make another one; Postgres asks for that right before it looks whether there is one.
    createSchema: !(await hasSchema(client, schema)),
    singleTransaction: true,
    // A database may have been made between two migrations that came to be in another order than their names': a test
    // keeps new ones behind those that there are (deploy/sql/migrations.sha256).
    checkOrder: false,
    // Our own lock waits; the library's gives up at once when another replica holds it.
    noLock: true,
    logger: silent,
  });
  for (const { name } of applied) log.info({ event: "database.migrated", schema, migration: name });
  await inTransaction(client, async () => {
    await recordMigrations(client, schema, files);
    // Rights of a later version are that version's affair: it has tables that this one does not know.
    if (!isNewer) await grantRights(client, schema, migrations.rights ?? { tables: {} });
    await markWhole(client, schema);
  });
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query("begin");
  try {
    await work();
    await client.query("commit");
  } catch (error) {
    await client.query("rollback");
    throw error;
  }
}

async function hasSchema(client: pg.Client, schema: string): Promise<boolean> {
  const { rowCount } = await client.query("select from pg_namespace where nspname = $1", [schema]);
  return rowCount !== 0;
}

/** A migration takes as long as it takes; a server that is silent meanwhile is asked whether it is there. */
async function withClient<T>(
  config: DatabaseConfig,
  log: Pick<Logger, "warn" | "error" | "info">,
  work: (client: pg.Client) => Promise<T>,
  patience?: Patience,
): Promise<T> {
  const options = { application_name: "migration" };
  const client = await connectSession(config, options, tellingLosses(log));
  const silence = breaker({
    probe: (milliseconds) => isThere(config, milliseconds),
    cut: () => client.connection.stream.destroy(),
    log,
    ...(patience && { patience }),
  });
  try {
    return await silence.run(() => work(client));
  } finally {
    silence.stop();
    await endClient(client);
  }
}

const nothing = () => undefined;
const silent = { debug: nothing, info: nothing, warn: nothing, error: nothing };

/** Keeps trying to migrate in the background until it has succeeded. */
export interface Migrator extends Component {
  /** @returns why the schema is not up to date, in words that everybody may read; `null` when it is */
  readonly unmigrated: () => string | null;
}

const RETRY_MILLISECONDS = 1_000;
const TELL_AGAIN_MILLISECONDS = 60_000;
const NOT_YET = "the schema is not up to date yet";
const AWAITED = "the owner of the schema has to migrate: npm run migrate (docs/database.md)";

/**
 * A service starts without its database, since much of what it does needs none. With a role that owns the schema it
 * migrates as soon as the database answers, and says that the role is too strong; with a role of its own it waits until
 * the owner has.
 *
 * @param config - where the database is
 * @param migrations - what to apply
 * @param log - where failures are told
 * @returns a component; its start throws PoolerError where a pooler would make LISTEN and locks mean nothing
 */
export function migrator(
  config: DatabaseConfig,
  migrations: readonly MigrationSet[],
  log: Logger,
): Migrator {
  let why: string | null = NOT_YET;
  let pooled: PoolerError | null = null;
  let toldAt = -Infinity;
  const failing = lastingFailure((fields) => {
    log.error({ event: "database.migration-failed", ...fields });
  });
  let timer: NodeJS.Timeout | undefined;
  const attempt = async (): Promise<void> => {
    try {
      const pending = await migrateOrLook(config, migrations, log);
      why = pending.length === 0 ? null : AWAITED;
      pooled = null;
      failing.worked();
      if (why !== null && Date.now() - toldAt >= TELL_AGAIN_MILLISECONDS) {
        toldAt = Date.now();
        log.warn({ event: "database.migration-awaited", pending, message: AWAITED });
      }
    } catch (error) {
      pooled = error instanceof PoolerError ? error : null;
      why = error instanceof SchemaError ? error.message : (pooled?.why ?? NOT_YET);
      failing.failed(error);
    }
    if (why !== null) timer = setTimeout(() => void attempt(), RETRY_MILLISECONDS);
  };
  return {
    name: "migration",
    unmigrated: () => why,
    start: async () => {
      await attempt();
      if (pooled !== null) throw pooled;
    },
    stop: () => {
      clearTimeout(timer);
      return Promise.resolve();
    },
  };
}

/** @returns what somebody else has to apply */
function migrateOrLook(
  config: DatabaseConfig,
  migrations: readonly MigrationSet[],
  log: Logger,
): Promise<string[]> {
  return withClient(config, log, async (client) => {
    const pending: string[] = [];
    const roles: OwnRole[] = [];
    for (const set of migrations) {
      const role = await examineRole(client, set.schema);
      roles.push(role);
      if (role.isOwner) await apply(client, set, log);
      else pending.push(...(await pendingMigrations(client, set)).map((one) => `${set.schema}: ${one}`)); // prettier-ignore
    }
    warnOfStrongRole(roles, log);
    return pending;
  });
}

function warnOfStrongRole(roles: readonly OwnRole[], log: Pick<Logger, "warn">): void {
  const strong = roles.find(({ isSuperuser, isOwner }) => isSuperuser || isOwner);
  if (strong === undefined) return;
  const is = strong.isSuperuser ? "a superuser" : "the owner of the tables";
  const message =
    `the service's database role ${strong.name} is ${is}: whoever takes over the service may do anything to the ` +
    "ledger and the audit log; give it a role of its own (deploy/sql/roles.sql, docs/database.md)";
  log.warn({ event: "database.role-too-strong", role: strong.name, message });
}
