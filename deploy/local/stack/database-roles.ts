import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { NO_TLS } from "#service-kit/db/tls.js";
import { createLogger } from "#service-kit/log.js";
import { Secret } from "#service-kit/secret.js";
import { migrateAll } from "../../database/migrate.js";
import { makeRoles, OWNER_ROLE } from "../../database/roles.js";
import { keptSecret } from "../data-folder.js";
import { withClient, type PostgresLogin } from "../postgres/postgres.js";
import { REPOSITORY_ROOT } from "../repository-root.js";

/** How a service logs in to the database. */
export interface RoleLogin {
  readonly user: string;
  readonly passwordFile: string;
}

/** The roles of the local stack's services. */
export interface LocalRoles {
  readonly gateway: RoleLogin;
  readonly tokenServer: RoleLogin;
}

/**
 * Makes the database's roles, as an operator does, and migrates as their owner. Data from before there were roles become
 * the owner's.
 *
 * @param login - of the superuser, which no service is given
 * @param secrets - folder of the passwords
 * @returns how each service logs in
 */
export async function openLocalRoles(login: PostgresLogin, secrets: string): Promise<LocalRoles> {
  const secretOf = (name: string) => keptSecret(secrets, `postgres-${name}`);
  const [owner, gateway, tokenServer, auditor] = [
    await secretOf("owner"),
    await secretOf("gateway"),
    await secretOf("token-server"),
    await secretOf("auditor"),
  ];
  const script = await readFile(join(REPOSITORY_ROOT, "deploy", "sql", "roles.sql"), "utf8");
  await withClient(login, (client) =>
    makeRoles(client, script, {
      [OWNER_ROLE]: owner.value,
      wharfinger_gateway: gateway.value,
      wharfinger_token_server: tokenServer.value,
      wharfinger_auditor: auditor.value,
    }),
  );
  const { host, port, database } = login;
  const config = { host, port, database, user: OWNER_ROLE, tls: NO_TLS };
  const password = new Secret(owner.value);
  await migrateAll({ ...config, password }, createLogger("migrate", "silent"));
  return {
    gateway: { user: "wharfinger_gateway", passwordFile: gateway.file },
    tokenServer: { user: "wharfinger_token_server", passwordFile: tokenServer.file },
  };
}
