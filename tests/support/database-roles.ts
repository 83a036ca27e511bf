import { readFile } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { migrate, type MigrationSet } from "#service-kit/db/migrate.js";
import { connectionOptions, type DatabaseConfig } from "#service-kit/db/config.js";
import { Secret } from "#service-kit/secret.js";
import { makeRoles } from "../../deploy/database/roles.js";
import { AUDIT_LOG_MIGRATIONS, LEDGER_MIGRATIONS, TOKEN_SERVER_MIGRATIONS } from "./migrations.js";
import { SILENT } from "./silent.js";
import { REPOSITORY_ROOT } from "./source-tree.js";

/** Every schema of the product. */
export const SCHEMAS: readonly MigrationSet[] = [
  LEDGER_MIGRATIONS,
  TOKEN_SERVER_MIGRATIONS,
  AUDIT_LOG_MIGRATIONS,
];

export const ROLES = [
  "wharfinger_owner",
  "wharfinger_gateway",
  "wharfinger_token_server",
  "wharfinger_auditor",
] as const;
/** Each has the rights of the one of that name without the ending. */
export const SECOND_ROLES = ["wharfinger_gateway_2", "wharfinger_token_server_2"] as const;
export type Role = (typeof ROLES)[number] | (typeof SECOND_ROLES)[number];

/**
 * @param superuser - how the superuser logs in to a database
 * @param role - one of ours
 * @returns how that role logs in; its password is its name
 */
export function loginOf(superuser: DatabaseConfig, role: Role): DatabaseConfig {
  return { ...superuser, user: role, password: new Secret(role) };
}

/**
 * Runs the documented script.
 *
 * @param superuser - how the superuser logs in to a database
 */
export async function runRolesScript(superuser: DatabaseConfig): Promise<void> {
  const script = await readFile(join(REPOSITORY_ROOT, "deploy", "sql", "roles.sql"), "utf8");
  const passwords = Object.fromEntries([...ROLES, ...SECOND_ROLES].map((role) => [role, role]));
  await connected(superuser, (client) => makeRoles(client, script, passwords));
}

/**
 * @param config - how the owner of the schemas logs in
 */
export async function migrateSchemas(config: DatabaseConfig): Promise<void> {
  for (const set of SCHEMAS) await migrate(config, set, SILENT);
}

/**
 * @param config - how to log in
 * @param work - gets a connection that is closed afterwards
 * @returns what `work` returned
 */
export async function connected<T>(
  config: DatabaseConfig,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(connectionOptions(config));
  // Without a listener, a server that goes away while the connection idles would end the test's process.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
