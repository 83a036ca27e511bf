import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { envReader } from "#service-kit/config.js";
import { loginAs, readDatabaseConfig } from "#service-kit/db/config.js";
import { endClient } from "#service-kit/db/end-client.js";
import { connectWritable, tellingLosses } from "#service-kit/db/servers.js";
import { exitCodeOf, isConfiguration } from "#service-kit/exit-code.js";
import { createLogger } from "#service-kit/log.js";
import { Secret } from "#service-kit/secret.js";
import { migrateAll } from "../database/migrate.js";
import { makeRoles, OWNER_ROLE } from "../database/roles.js";
import { secretFor, volumesBelow } from "./volumes.js";

const SQL = fileURLToPath(new URL("../../../deploy/sql", import.meta.url));

const ROLES_MILLISECONDS = 30_000;

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
  const log = createLogger("database", "info");
  const script = await readFile(join(SQL, "roles.sql"), "utf8");
  const options = { application_name: "roles", query_timeout: ROLES_MILLISECONDS };
  const client = await connectWritable(config, options, tellingLosses(log));
  await makeRoles(client, script, passwords).finally(() => endClient(client));
  await migrateAll(loginAs(config, OWNER_ROLE, new Secret(owner)), log);
  console.log("the database has its roles, and its schemas are up to date");
}

try {
  await main(process.argv[2] ?? "/etc/wharfinger", process.env);
} catch (error) {
  console.error(isConfiguration(error) ? error.message : error);
  process.exit(exitCodeOf(error));
}
