import { join, resolve } from "node:path";
import { envReader } from "#service-kit/config.js";
import { LOG_LEVELS, type LogLevel } from "#service-kit/log.js";
import { REPOSITORY_ROOT } from "./repository-root.js";

/** What the person who starts the stack can choose. */
export interface LocalSettings {
  /** Port of the gateway; 0 takes a free one. */
  port: number;
  dataDir: string;
  /** The stock registry's program, when one was named. */
  registryBin: string | null;
  /** Whether Postgres is somebody else's business. */
  hasOutsidePostgres: boolean;
  logLevel: LogLevel;
  identitiesFile: string;
}

/**
 * @param env - environment variables
 * @returns the checked settings
 * @throws ConfigError naming every variable that is wrong
 */
export function readLocalSettings(env: NodeJS.ProcessEnv): LocalSettings {
  const read = envReader(env);
  const settings = {
    port: read.port("PORT", 8080),
    dataDir: resolve(REPOSITORY_ROOT, read.text("DATA_DIR", ".data")),
    registryBin: read.optionalText("REGISTRY_BIN"),
    hasOutsidePostgres: read.optionalText("DB_SUBNAME") !== null,
    logLevel: read.oneOf("LOG_LEVEL", "info", LOG_LEVELS),
    identitiesFile: resolve(
      REPOSITORY_ROOT,
      read.text("IDENTITIES_FILE", join("deploy", "local", "identities.json")),
    ),
  };
  read.throwIfFaulty();
  return settings;
}
