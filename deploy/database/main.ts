import { envReader } from "#service-kit/config.js";
import { readDatabaseConfig } from "#service-kit/db/config.js";
import { exitCodeOf, isConfiguration } from "#service-kit/exit-code.js";
import { createLogger } from "#service-kit/log.js";
import { migrateAll } from "./migrate.js";

/** `npm run migrate`: DB_USER and DB_PASSWORD are those of the role that owns the schemas. */
async function main(env: NodeJS.ProcessEnv): Promise<void> {
  const read = envReader(env);
  const config = readDatabaseConfig(read);
  read.throwIfFaulty();
  await migrateAll(config, createLogger("migrate", "info"));
  console.log("the schemas are up to date, and so are the rights of the services' roles");
}

try {
  await main(process.env);
} catch (error) {
  console.error(isConfiguration(error) ? error.message : error);
  process.exit(exitCodeOf(error));
}
