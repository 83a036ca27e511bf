import { readFileSync } from "node:fs";
import type { EnvReader } from "../config.js";
import { examineFile } from "../examine-file.js";
import { Secret } from "../secret.js";
import { PEM } from "../secret-form.js";
import { certificatesIn } from "./certificates-in.js";
import type { KeyRingConfig } from "./key-ring.js";

/** What is told of a service's keys by its code. */
export interface KeyUse {
  /** Name of the service. */
  readonly owner: string;
  /** How long tokens of a replaced key live, in seconds. */
  readonly retainSeconds: number;
}

/**
 * Reads `KEYS_DIR` and `SIGNING_KEY` or `SIGNING_KEY_FILE`, of a service whose keys verifiers ask for.
 *
 * @param read - reader that collects faults
 * @param use - whose keys they are
 * @returns where the service's keys come from
 */
export function readKeyRingConfig(read: EnvReader, use: KeyUse): KeyRingConfig {
  return { ...readKeys(read, use), certified: false, certificatesFile: null };
}

/**
 * Reads `KEYS_DIR`, `SIGNING_KEY` or `SIGNING_KEY_FILE`, and `SIGNING_CERTIFICATE_FILE`, of a service whose keys
 * verifiers trust by certificate.
 *
 * @param read - reader that collects faults
 * @param use - whose keys they are
 * @returns where the service's keys and their certificates come from
 */
export function readCertifiedKeyRingConfig(read: EnvReader, use: KeyUse): KeyRingConfig {
  const keys = readKeys(read, use);
  const certificateFile = read.optionalText("SIGNING_CERTIFICATE_FILE", {
    meaning: "chains from the gateway's `SIGNING_KEY` to what the registry trusts",
    wanted: "PEM file",
    absent: "those beside the keys",
  });
  if (certificateFile !== null && keys.givenKeys === null)
    read.fault(
      "SIGNING_CERTIFICATE_FILE",
      "given without SIGNING_KEY or SIGNING_KEY_FILE, wanted both or neither",
    );
  if (certificateFile === null && keys.givenKeys !== null)
    read.fault(
      "SIGNING_CERTIFICATE_FILE",
      "absent, wanted the certificates of SIGNING_KEY that the registry trusts",
    );
  if (certificateFile !== null && keys.givenKeys !== null)
    examineFile(read, "SIGNING_CERTIFICATE_FILE", certificateFile, (text) =>
      certificatesIn(text, certificateFile),
    );
  const certificatesFile = certificateFile === null ? null : () => readText(certificateFile);
  return { ...keys, certified: true, certificatesFile };
}

function readKeys(read: EnvReader, { owner, retainSeconds }: KeyUse) {
  const file = read.optionalText("SIGNING_KEY_FILE");
  const given = read.optionalSecret("SIGNING_KEY", PEM, {
    meaning: "keys of your own, P-256 or RSA; the first signs, all are published",
    absent: "those in `KEYS_DIR`",
  });
  return {
    directory: read.text("KEYS_DIR", "keys", {
      meaning:
        "signing keys, in folders `gateway` and `token-server` that all replicas share; the gateway's are made by " +
        "`npm run keys -- renew`, with the certificates that the registry trusts (docs/keys.md)",
      wanted: "folder",
    }),
    owner,
    givenKeys: given === null ? null : () => (file === null ? given : new Secret(readText(file))),
    givenKeysFile: file,
    retainSeconds,
  };
}

function readText(path: string): string {
  return readFileSync(path, "utf8");
}
