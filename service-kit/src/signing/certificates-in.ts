import type { X509Certificate } from "node:crypto";
import { YamlFileError } from "../yaml-file.js";
import { parseCertificates } from "./signing-key.js";

/**
 * @param text - content of a PEM file
 * @param file - its name, for messages
 * @returns the certificates in it, one at least
 * @throws YamlFileError that names the file
 */
export function certificatesIn(text: string, file: string): readonly X509Certificate[] {
  const certificates = readCertificates(text, file);
  if (certificates.length === 0)
    throw new YamlFileError([`${file}: holds no certificate, wanted PEM`]);
  return certificates;
}

function readCertificates(text: string, file: string): readonly X509Certificate[] {
  try {
    return parseCertificates(text, file);
  } catch (error) {
    throw new YamlFileError([error instanceof Error ? error.message : String(error)]);
  }
}
