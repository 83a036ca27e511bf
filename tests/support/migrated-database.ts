import { withClient, type PostgresLogin } from "#local/postgres/postgres.js";
import { migrate, type MigrationSet } from "#service-kit/db/migrate.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { NO_TLS } from "#service-kit/db/tls.js";
import { Secret } from "#service-kit/secret.js";
import type { TestPostgres } from "./postgres.js";
import { SILENT } from "./silent.js";

/** Any number that nothing else of a test server locks. */
const LOCK = 4_711_001;
const templates = new Map<string, Promise<void>>();

/**
 * A copy of a template is made in a fraction of the time that its migrations take.
 *
 * @param postgres - a running Postgres
 * @param sets - the migrations
 * @returns how to log in to a database of its own in which they are done
 */
export async function migratedDatabase(
  postgres: TestPostgres,
  sets: readonly MigrationSet[],
): Promise<DatabaseConfig> {
  const { login } = postgres;
  const template = `template_${sets.map(({ schema }) => schema).join("_")}`;
  const key = `${login.port} ${template}`;
  let made = templates.get(key);
  if (made === undefined) templates.set(key, (made = makeTemplate(login, template, sets)));
  await made;
  const database = postgres.newName();
  await withClient(login, (client) =>
    client.query(`create database ${database} template ${template}`),
  );
  return configOf({ ...login, database });
}

/**
 * @param login - how to log in
 * @returns the same as a service has it
 */
export function configOf({ host, port, user, password, database }: PostgresLogin): DatabaseConfig {
  return { host, port, user, password: new Secret(password), database, tls: NO_TLS };
}

/** Files of a run that share a server make it once. */
async function makeTemplate(
  login: PostgresLogin,
  template: string,
  sets: readonly MigrationSet[],
): Promise<void> {
  await withClient(login, async (client) => {
    await client.query("select pg_advisory_lock($1)", [LOCK]);
    const { rowCount } = await client.query("select from pg_database where datname = $1", [
      template,
    ]);
    if (rowCount !== 0) return;
    const draft = `draft_of_${template}`;
    await client.query(`drop database if exists ${draft}`);
    await client.query(`create database ${draft}`);
    for (const set of sets) await migrate(configOf({ ...login, database: draft }), set, SILENT);
    await client.query(`alter database ${draft} rename to ${template}`);
  });
}
