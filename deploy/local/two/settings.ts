import { join } from "node:path";
import { envReader, type EnvReader } from "#service-kit/config.js";
import { readVariables, type LocalSettings } from "../settings.js";

/** What the person who starts two registries can choose. */
export interface TwoSettings extends LocalSettings {
  /** The second registry's program; `null`: the first one's. */
  readonly registryBin2: string | null;
}

/**
 * @param env - environment variables
 * @returns the checked settings; their data are beside those of `npm start`
 * @throws ConfigError naming every variable that is wrong
 */
export function readTwoSettings(env: NodeJS.ProcessEnv): TwoSettings {
  const read = envReader({ ...env, DATA_DIR: env["DATA_DIR"] ?? join(".data", "two") });
  const settings = { ...readVariables(read), ...readSecond(read) };
  read.throwIfFaulty();
  return settings;
}

/**
 * @param read - reader that collects faults
 * @returns what there is a second of
 */
export function readSecond(read: EnvReader): Pick<TwoSettings, "registryBin2"> {
  return {
    registryBin2: read.optionalText("REGISTRY_BIN_2", {
      meaning: "`npm run start:two`: the second registry's program",
      wanted: "file",
      absent: "the first one's",
    }),
  };
}
