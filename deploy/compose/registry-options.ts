import type { Options } from "#registry-config/options.js";
import type { RegistryLine } from "#registry-config/settings.js";
import { readStorageVariables } from "#registry-config/storage-variables.js";
import type { EnvReader } from "#service-kit/config.js";

/** As in docker-compose.yml, where it is the tag of the image. */
const VERSION = "3.1.1";

/**
 * @param read - reader that collects faults
 * @returns which registry docker-compose runs, and where it keeps blobs
 */
export function readRegistryOptions(read: EnvReader): Options {
  return { registry: readLine(read), ...readStorageVariables(read) };
}

/** The tag of the image says which line it is of, so that the two cannot differ. */
function readLine(read: EnvReader): RegistryLine {
  const version = read.text("REGISTRY_LINE", VERSION, {
    meaning: "version of the stock registry, and tag of its image: `2.8.3`, `3.1.1`, or a line",
    wanted: "`2.8…` or `3…`",
  });
  const line = /^(2\.8|3)(?:\.\d+)*$/.exec(version)?.[1];
  if (line === undefined)
    read.fault("REGISTRY_LINE", `given ${JSON.stringify(version)}, wanted 2.8, 3 or one of their versions`); // prettier-ignore
  return line === "2.8" ? "2.8" : "3";
}
