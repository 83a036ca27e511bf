import type { X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { endOfChain } from "../signing/key-end.js";
import { parseCertificates, parsePrivateKeys } from "../signing/signing-key.js";
import { YamlFileError } from "../yaml-file.js";

/** What a server proves by that it is who it says. */
export interface CertificatePair {
  /** Its certificate, and those that lead to an authority that clients know, as PEM. */
  readonly certificatePem: string;
  /** Its private key, as PEM. */
  readonly keyPem: string;
  readonly leaf: X509Certificate;
  /** When the first of the certificates ends, in seconds since the epoch. */
  readonly endsAt: number;
}

/**
 * @param text - PEM of certificates, the server's own first, and of its private key, in any order
 * @param source - where it comes from, for messages
 * @returns the pair
 * @throws YamlFileError that names the source and repeats nothing of the key, when a server could not use them
 */
export function certificatePair(text: string, source: string): CertificatePair {
  const { certificates, key } = partsOf(text, source);
  const [leaf] = certificates;
  if (leaf === undefined) throw new YamlFileError([`${source}: holds no certificate, wanted PEM`]);
  const certificatePem = certificates.map(String).join("");
  const keyPem = key?.export({ type: "pkcs8", format: "pem" }).toString() ?? "";
  if (key === undefined || !leaf.checkPrivateKey(key))
    throw new YamlFileError([
      `${source}: the first certificate does not belong to the private key`,
    ]);
  refuseUnusable({ certificatePem, keyPem }, source);
  return { certificatePem, keyPem, leaf, endsAt: endOfChain(certificates) ?? 0 };
}

function partsOf(text: string, source: string) {
  try {
    const [key] = parsePrivateKeys(text, source);
    return { certificates: parseCertificates(text, source), key };
  } catch (error) {
    throw new YamlFileError([error instanceof Error ? error.message : source]);
  }
}

function refuseUnusable(
  { certificatePem, keyPem }: Pick<CertificatePair, "certificatePem" | "keyPem">,
  source: string,
): void {
  try {
    createSecureContext({ cert: certificatePem, key: keyPem });
  } catch (error) {
    // OpenSSL's reasons, such as a key that is too short, repeat nothing of it.
    const code = error instanceof Error && "code" in error ? ` (${String(error.code)})` : "";
    throw new YamlFileError([`${source}: cannot be used for TLS${code}`]);
  }
}
