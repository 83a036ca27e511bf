import { readFile } from "node:fs/promises";
import type { EnvReader } from "../config.js";
import { examine, examineFile } from "../examine-file.js";
import { certificatePair } from "./certificate-pair.js";

/** Where a listener's certificate and its key are. */
export interface CertificateFiles {
  readonly certificateFile: string;
  /** The same, where one file has both. */
  readonly keyFile: string;
}

/**
 * Reads `TLS_CERTIFICATE_FILE` and `TLS_KEY_FILE`, and looks at what they name.
 *
 * @param read - reader that collects faults
 * @returns where they are; `null`: no TLS by files
 */
export function readCertificateFiles(read: EnvReader): CertificateFiles | null {
  const certificateFile = read.optionalText("TLS_CERTIFICATE_FILE", {
    meaning:
      "certificates that `PORT` proves itself by, the server's own first: `PORT` speaks HTTPS and nothing else then; followed while it changes (docs/tls.md)",
    wanted: "PEM file",
    absent: "no TLS",
  });
  const keyFile = read.optionalText("TLS_KEY_FILE", {
    meaning: "the private key of `TLS_CERTIFICATE_FILE`; followed as well",
    wanted: "PEM file",
    absent: "in the same file",
  });
  if (certificateFile === null) {
    if (keyFile !== null)
      read.fault("TLS_KEY_FILE", "given without TLS_CERTIFICATE_FILE, wanted both or neither");
    return null;
  }
  const files = { certificateFile, keyFile: keyFile ?? certificateFile };
  examineFiles(read, files);
  return files;
}

/**
 * @param files - where they are
 * @returns all that they say
 */
export async function textOf({ certificateFile, keyFile }: CertificateFiles): Promise<string> {
  const certificates = await readFile(certificateFile, "utf8");
  return keyFile === certificateFile
    ? certificates
    : `${certificates}\n${await readFile(keyFile, "utf8")}`;
}

/**
 * @param files - where they are
 * @returns what they are called in messages
 */
export function sourceOf({ certificateFile, keyFile }: CertificateFiles): string {
  return keyFile === certificateFile ? certificateFile : `${certificateFile} with ${keyFile}`;
}

function examineFiles(read: EnvReader, files: CertificateFiles): void {
  const certificates = examineFile(read, "TLS_CERTIFICATE_FILE", files.certificateFile, String);
  const key =
    files.keyFile === files.certificateFile
      ? certificates
      : examineFile(read, "TLS_KEY_FILE", files.keyFile, String);
  if (certificates === null || key === null) return;
  examine(read, "TLS_CERTIFICATE_FILE", () =>
    certificatePair(`${certificates}\n${key}`, sourceOf(files)),
  );
}
