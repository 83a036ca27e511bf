import { createHash } from "node:crypto";
import { Fault } from "./faults.js";

/** Content address `<algorithm>:<hex>`, known to be well formed. */
export type Digest = string & { readonly __brand: "Digest" };

/** Length of the hexadecimal part by algorithm (OCI image-spec, section "Digests"); stock registries know sha384 as well. */
const HEX_LENGTH: Readonly<Record<string, number>> = {
  sha256: 64,
  sha384: 96,
  sha512: 128,
};

/**
 * @param raw - text that may be a digest
 * @returns whether it is a digest of an algorithm that registries know
 */
export function isDigest(raw: string): raw is Digest {
  const colon = raw.indexOf(":");
  const hex = raw.slice(colon + 1);
  return HEX_LENGTH[raw.slice(0, colon)] === hex.length && /^[0-9a-f]+$/.test(hex);
}

/**
 * @param raw - a digest as a client sent it
 * @returns the same digest, known to be well formed
 * @throws Fault DIGEST_INVALID
 */
export function parseDigest(raw: string): Digest {
  if (!isDigest(raw)) throw new Fault("DIGEST_INVALID", { detail: { digest: raw.slice(0, 160) } });
  return raw;
}

/**
 * @param digest - a digest
 * @returns the name of its algorithm
 */
export function algorithmOf(digest: Digest): string {
  return digest.slice(0, digest.indexOf(":"));
}

/**
 * @param algorithm - as a client names it
 * @throws Fault DIGEST_INVALID unless registries know it
 */
export function refuseUnknownAlgorithm(algorithm: string): void {
  if (!Object.hasOwn(HEX_LENGTH, algorithm))
    throw new Fault("DIGEST_INVALID", {
      message: "no such digest algorithm: there are sha256, sha384 and sha512",
      detail: { algorithm: algorithm.slice(0, 40) },
    });
}

/**
 * @param bytes - content exactly as received
 * @param like - a digest whose algorithm to use; sha256 when absent
 * @returns the content's digest
 */
export function digestOf(bytes: Uint8Array, like?: Digest): Digest {
  const algorithm = like === undefined ? "sha256" : algorithmOf(like);
  return `${algorithm}:${createHash(algorithm).update(bytes).digest("hex")}` as Digest;
}
