import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { envReader } from "#service-kit/config.js";
import { connectionOptions, readDatabaseConfig } from "#service-kit/db/config.js";
import { exitCodeOf, isConfiguration } from "#service-kit/exit-code.js";
import { createLogger } from "#service-kit/log.js";
import { Secret } from "#service-kit/secret.js";
import { migrateAll } from "../database/migrate.js";
import { makeRoles, OWNER_ROLE } from "../database/roles.js";
import { secretFor, volumesBelow } from "./volumes.js";

const SQL = fileURLToPath(new URL("../../../deploy/sql", import.meta.url));

/**
 * Makes the database's roles with passwords that each service finds in its own volume, and migrates as their owner: the
 * last that is done with the superuser's password, which no service is given.
 */
async function main(root: string, env: NodeJS.ProcessEnv): Promise<void> {
  const read = envReader(env);
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  const { operator, gateway, tokenServer } = volumesBelow(root).database;
  const passwordIn = async (folder: string, name: string) =>
    readFile(await secretFor(folder, name), "utf8");
  const owner = await passwordIn(operator, "owner");
  const passwords = {
    [OWNER_ROLE]: owner,
    wharfinger_auditor: await passwordIn(operator, "auditor"),
    wharfinger_gateway: await passwordIn(gateway, "password"),
    wharfinger_token_server: await passwordIn(tokenServer, "password"),
  };
  const client = new pg.Client(connectionOptions(config));
  const script = await readFile(join(SQL, "roles.sql"), "utf8");
  await client.connect();
  await makeRoles(client, script, passwords).finally(() => client.end());
  const password = new Secret(owner);
  await migrateAll({ ...config, user: OWNER_ROLE, password }, createLogger("database", "info"));
  console.log("the database has its roles, and its schemas are up to date");
}

try {
  await main(process.argv[2] ?? "/etc/wharfinger", process.env);
} catch (error) {
  console.error(isConfiguration(error) ? error.message : error);
  process.exit(exitCodeOf(error));
}
