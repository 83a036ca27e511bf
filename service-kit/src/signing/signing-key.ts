import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import { calculateJwkThumbprint, type JWK } from "jose";

/** Algorithms that both registry generations verify. */
export type SigningAlgorithm = "ES256" | "RS256";

/** A key that tokens are signed with, and all that a verifier needs to trust it. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly algorithm: SigningAlgorithm;
  /** RFC 7638 thumbprint of the public key. */
  readonly keyId: string;
  /** Certificate chain, leaf first, each base64 DER (RFC 7515 section 4.1.6); `null`: verifiers know the key itself. */
  readonly x5c: readonly string[] | null;
  /** RFC 7517, with `kid`, `alg` and `use`. */
  readonly publicJwk: JWK;
}

/**
 * @param key - private key, EC on P-256 or RSA of at least 2048 bits
 * @param chain - its certificates, leaf first; `null`: it has none
 * @param source - where they come from, for messages
 * @returns the signing key
 * @throws Error that names the source, when they cannot be used together
 */
export async function assembleSigningKey(
  key: KeyObject,
  chain: readonly X509Certificate[] | null,
  source: string,
): Promise<SigningKey> {
  if (chain !== null && chain[0]?.checkPrivateKey(key) !== true)
    throw new Error(`${source}: the first certificate does not belong to the private key`);
  const algorithm = algorithmOf(key, source);
  const jwk = createPublicKey(key).export({ format: "jwk" }) as JWK;
  const keyId = await calculateJwkThumbprint(jwk);
  const x5c = chain?.map((certificate) => certificate.raw.toString("base64")) ?? null;
  const publicJwk = { ...jwk, kid: keyId, alg: algorithm, use: "sig" };
  return { privateKey: key, algorithm, keyId, x5c, publicJwk };
}

/**
 * @param pem - text with any number of private keys in PEM form
 * @param source - where it comes from, for messages
 * @returns the keys, in order
 * @throws Error that names the source, when there is none or one cannot be read
 */
export function parsePrivateKeys(pem: string, source: string): KeyObject[] {
  const blocks = pem.match(
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]+?-----END [A-Z ]*PRIVATE KEY-----/g,
  );
  try {
    if (blocks !== null) return blocks.map((block) => createPrivateKey(block));
  } catch {
    // Falls through: the parser's own message may quote key material.
  }
  throw new Error(`${source}: not a private key in PEM form`);
}

/**
 * @param pem - text with any number of certificates in PEM form
 * @param source - where it comes from, for messages
 * @returns the certificates, in order
 * @throws Error that names the source, when one cannot be read
 */
export function parseCertificates(pem: string, source: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw new Error(`${source}: not a certificate chain in PEM form`);
  }
}

function algorithmOf(key: KeyObject, source: string): SigningAlgorithm {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === "ec" && details?.namedCurve === "prime256v1") return "ES256";
  if (key.asymmetricKeyType === "rsa" && (details?.modulusLength ?? 0) >= 2048) return "RS256";
  throw new Error(`${source}: wanted an EC key on P-256 or an RSA key of at least 2048 bits`);
}
