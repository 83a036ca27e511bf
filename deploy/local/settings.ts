import { join, resolve } from "node:path";
import type { Options } from "#registry-config/options.js";
import { readStorageVariables } from "#registry-config/storage-variables.js";
import { envReader, type EnvReader } from "#service-kit/config.js";
import { readLogLevel, type LogLevel } from "#service-kit/log.js";
import { REPOSITORY_ROOT } from "./repository-root.js";

/** Whether the gateway speaks TLS, and by whose certificate: one that is given, or one that the stack makes. */
export type LocalTls = "none" | "given" | "self-signed";

/** What the person who starts the stack can choose. */
export interface LocalSettings {
  /** Port of the gateway; 0 takes a free one. */
  port: number;
  tls: LocalTls;
  dataDir: string;
  /** The stock registry's program, when one was named. */
  registryBin: string | null;
  /** The second registry's program, where there are two; `null`: the first one's. */
  registryBin2: string | null;
  /** Where the registry keeps blobs, when not in the data folder. */
  storage: Options;
  /** Whether Postgres is somebody else's business. */
  hasOutsidePostgres: boolean;
  /** Whether events go to a topic of somebody else's. */
  hasOutsideSns: boolean;
  /** Whether AWS credentials are set, which are then left alone. */
  hasAwsCredentials: boolean;
  /** Whether it is said what the registry is called in events. */
  hasRegistryName: boolean;
  logLevel: LogLevel;
  /** How many token servers there are. */
  tokenServers: number;
  identitiesFile: string;
}

/**
 * @param env - environment variables
 * @returns the checked settings
 * @throws ConfigError naming every variable that is wrong
 */
export function readLocalSettings(env: NodeJS.ProcessEnv): LocalSettings {
  const read = envReader(env);
  const settings = readVariables(read);
  read.throwIfFaulty();
  return settings;
}

/**
 * @param read - reader that collects faults
 * @returns the settings
 */
export function readVariables(read: EnvReader): LocalSettings {
  const isSet = (...names: readonly string[]) =>
    names.some((name) => read.optionalText(name) !== null);
  return {
    port: read.port("PORT", 8080, "port of the gateway; 0: a free one"),
    tls: readLocalTls(read, isSet("TLS_CERTIFICATE_FILE", "ACME_NAMES")),
    dataDir: resolve(
      REPOSITORY_ROOT,
      read.text("DATA_DIR", ".data", {
        meaning: "where data, keys, secrets and logs are",
        wanted: "folder",
      }),
    ),
    registryBin: read.optionalText("REGISTRY_BIN", {
      meaning: "the stock registry's program",
      wanted: "file",
      absent:
        "`registry` or `docker-registry` on the `PATH`, else Debian's package, else `registry:3.1.1` in a Docker engine",
    }),
    registryBin2: read.optionalText("REGISTRY_BIN_2", {
      meaning: "`npm run start:two`: the second registry's program",
      wanted: "file",
      absent: "the first one's",
    }),
    storage: readStorageVariables(read),
    hasOutsidePostgres: isSet("DB_SUBNAME"),
    hasOutsideSns: isSet("API_SNS_TOPIC_ARN"),
    hasAwsCredentials: isSet("AWS_ACCESS_KEY_ID", "AWS_PROFILE"),
    hasRegistryName: isSet("API_REPOSITORY", "PUBLIC_URL"),
    logLevel: readLogLevel(read),
    tokenServers: read.integer(
      "TOKEN_SERVERS",
      1,
      { min: 1, max: 2 },
      "how many token servers there are, so that one can be restarted without anybody noticing",
    ),
    identitiesFile: resolve(
      REPOSITORY_ROOT,
      read.text("IDENTITIES_FILE", join("deploy", "local", "identities.json"), {
        meaning:
          "who can log in, with which token, and in which teams they are; followed while it changes",
        wanted: "JSON file",
      }),
    ),
  };
}

function readLocalTls(read: EnvReader, isGiven: boolean): LocalTls {
  const isOwn = read.flag(
    "TLS_SELF_SIGNED",
    false,
    "`true`: the gateway speaks HTTPS, by a certificate that the stack makes for this machine (docs/tls.md)",
  );
  if (isOwn && isGiven)
    read.fault(
      "TLS_SELF_SIGNED",
      "given with TLS_CERTIFICATE_FILE or ACME_NAMES, wanted one of them",
    );
  if (isGiven) return "given";
  return isOwn ? "self-signed" : "none";
}
