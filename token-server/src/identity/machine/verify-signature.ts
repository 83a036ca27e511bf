import { createHash, timingSafeEqual, verify, type KeyObject } from "node:crypto";
import type { SignedAttributes, SignedContent } from "./signed-data.js";

const CONTENT_TYPE = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const DATA = "1.2.840.113549.1.7.1";

const DIGESTS: Readonly<Record<string, string>> = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};

/** Key type, and the digest where the algorithm names it itself. */
const SIGNATURES: Readonly<Record<string, { key: "rsa" | "dsa"; digest?: string }>> = {
  "1.2.840.113549.1.1.1": { key: "rsa" },
  "1.2.840.113549.1.1.11": { key: "rsa", digest: "sha256" },
  "1.2.840.113549.1.1.12": { key: "rsa", digest: "sha384" },
  "1.2.840.113549.1.1.13": { key: "rsa", digest: "sha512" },
  "1.2.840.10040.4.1": { key: "dsa" },
  "1.2.840.10040.4.3": { key: "dsa", digest: "sha1" },
  "2.16.840.1.101.3.4.3.2": { key: "dsa", digest: "sha256" },
};

/**
 * Verifies after RFC 5652, sections 5.4 and 5.6. Keys come from configuration alone; certificates
 * that the message brings along are not looked at.
 *
 * @param signed - the parsed message
 * @param trusted - keys of those who may sign
 * @returns whether one of them signed exactly this content
 */
export function isSignedByOneOf(signed: SignedContent, trusted: readonly KeyObject[]): boolean {
  const digest = DIGESTS[signed.digestAlgorithm];
  const algorithm = SIGNATURES[signed.signatureAlgorithm];
  if (digest === undefined || algorithm === undefined) return false;
  if (algorithm.digest !== undefined && algorithm.digest !== digest) return false;
  // The metadata service's older signature is DSA with SHA-1; nothing else may use SHA-1.
  if (digest === "sha1" && algorithm.key !== "dsa") return false;
  const bytes = signedBytes(signed, digest);
  if (bytes === null) return false;
  return trusted.some(
    (key) =>
      key.asymmetricKeyType === algorithm.key && verify(digest, bytes, key, signed.signature),
  );
}

function signedBytes(signed: SignedContent, digest: string): Buffer | null {
  const { signedAttributes, content, contentType } = signed;
  // Section 5.3: without signed attributes the content can be nothing but plain data.
  if (signedAttributes === null) return contentType === DATA ? content : null;
  const contentDigest = createHash(digest).update(content).digest();
  const names = onlyValue(signedAttributes, CONTENT_TYPE) === contentType;
  const covers = onlyValue(signedAttributes, MESSAGE_DIGEST);
  if (!names || !Buffer.isBuffer(covers) || covers.length !== contentDigest.length) return null;
  return timingSafeEqual(covers, contentDigest) ? signedAttributes.encoded : null;
}

function onlyValue(attributes: SignedAttributes, type: string): unknown {
  const values = attributes.valuesOf(type);
  return values.length === 1 ? values[0] : null;
}
