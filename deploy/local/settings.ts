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
  /** Whether events go to a topic of somebody else's. */
  hasOutsideSns: boolean;
  /** Whether AWS credentials are set, which are then left alone. */
  hasAwsCredentials: boolean;
  /** Whether it is said what the registry is called in events. */
  hasRegistryName: boolean;
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
  const isSet = (...names: readonly string[]) =>
    names.some((name) => read.optionalText(name) !== null);
  const settings = {
    port: read.port("PORT", 8080),
    dataDir: resolve(REPOSITORY_ROOT, read.text("DATA_DIR", ".data")),
    registryBin: read.optionalText("REGISTRY_BIN"),
    hasOutsidePostgres: isSet("DB_SUBNAME"),
    hasOutsideSns: isSet("API_SNS_TOPIC_ARN"),
    hasAwsCredentials: isSet("AWS_ACCESS_KEY_ID", "AWS_PROFILE"),
    hasRegistryName: isSet("API_REPOSITORY", "PUBLIC_URL"),
    logLevel: read.oneOf("LOG_LEVEL", "info", LOG_LEVELS),
    identitiesFile: resolve(
      REPOSITORY_ROOT,
      read.text("IDENTITIES_FILE", join("deploy", "local", "identities.json")),
    ),
  };
  read.throwIfFaulty();
  return settings;
}
