import { readFileSync } from "node:fs";
import type { EnvReader } from "../config.js";
import { Secret } from "../secret.js";
import type { KeyRingConfig } from "./key-ring.js";

/**
 * Reads `KEYS_DIR`, `SIGNING_KEY` or `SIGNING_KEY_FILE`, and `SIGNING_CERTIFICATE_FILE`.
 *
 * @param read - reader that collects faults
 * @param owner - name of the service
 * @param retainSeconds - how long tokens of a replaced key live
 * @returns where the service's keys come from
 */
export function readKeyRingConfig(
  read: EnvReader,
  owner: string,
  retainSeconds: number,
): KeyRingConfig {
  const file = read.optionalText("SIGNING_KEY_FILE");
  const given = read.optionalSecret("SIGNING_KEY");
  const certificateFile = read.optionalText("SIGNING_CERTIFICATE_FILE");
  if (certificateFile !== null && given === null)
    read.fault("SIGNING_CERTIFICATE_FILE", "given without SIGNING_KEY or SIGNING_KEY_FILE");
  return {
    directory: read.text("KEYS_DIR", "keys"),
    owner,
    givenKeys: given === null ? null : () => (file === null ? given : new Secret(readText(file))),
    givenKeysFile: file,
    certificatesFile: certificateFile === null ? null : () => readText(certificateFile),
    retainSeconds,
  };
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}
