import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { EnvReader } from "../config.js";
import type { Secret } from "../secret.js";
import { noKeyFault } from "./key-folder.js";
import type { KeyRingConfig } from "./key-ring.js";
import { parsePrivateKeys } from "./signing-key.js";

/**
 * Looks whether a service's keys can be there, before they are opened.
 *
 * @param read - reader that collects faults
 * @param keys - where they come from
 */
export function examineKeys(read: EnvReader, keys: KeyRingConfig): void {
  const { givenKeys, givenKeysFile, directory } = keys;
  if (givenKeys !== null) {
    const variable = givenKeysFile === null ? "SIGNING_KEY" : "SIGNING_KEY_FILE";
    const pem = pemOf(givenKeys);
    // What cannot be read, or is of another form, is refused already.
    if (pem !== "" && !isPrivateKey(pem))
      read.fault(variable, "given what is none, wanted private keys in PEM, P-256 or RSA");
    return;
  }
  const folder = statSync(directory, { throwIfNoEntry: false });
  if (folder !== undefined && !folder.isDirectory())
    read.fault("KEYS_DIR", `given ${JSON.stringify(directory)}, wanted a folder`);
  else if (keys.certified && !holdsKey(join(directory, keys.owner)))
    read.fault("KEYS_DIR", noKeyFault(keys));
}

function pemOf(givenKeys: () => Secret): string {
  try {
    return givenKeys().reveal();
  } catch {
    return "";
  }
}

function isPrivateKey(pem: string): boolean {
  try {
    return parsePrivateKeys(pem, "").length > 0;
  } catch {
    return false;
  }
}

function holdsKey(folder: string): boolean {
  try {
    return readdirSync(folder).some((name) => name.endsWith(".key.pem"));
  } catch {
    return false;
  }
}
