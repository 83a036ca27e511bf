import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import { mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { calculateJwkThumbprint, type JWK } from "jose";
import type { Logger } from "../log.js";
import {
  generateKeyPem,
  issueCertificate,
  selfSignAuthority,
  type Authority,
} from "./certificates.js";
import { createOnce } from "./create-once.js";

/** Algorithms that both registry generations verify. */
export type SigningAlgorithm = "ES256" | "RS256";

/** A key that tokens are signed with, and all that a verifier needs to trust it. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly algorithm: SigningAlgorithm;
  /** RFC 7638 thumbprint of the public key. */
  readonly keyId: string;
  /** Certificate chain, leaf first, each base64 DER (RFC 7515 section 4.1.6). */
  readonly x5c: readonly string[];
  /** RFC 7517, with `kid`, `alg`, `use` and `x5c`. */
  readonly publicJwk: JWK;
}

/** Where a service's signing key comes from. */
export interface KeyStoreConfig {
  /** Folder for keys made here: `ca.cert.pem` is what the registry has to trust. */
  readonly directory: string;
  /** Name of the service; its files are `<owner>.key.pem` and `<owner>.cert.pem`. */
  readonly owner: string;
  /** PEM file of a private key to use instead of one made here, or `null`. */
  readonly keyFile: string | null;
  /** PEM file of that key's certificate chain, leaf first; `null` has the folder's authority issue one. */
  readonly certificateFile: string | null;
}

/**
 * Finds the signing key of a service, or makes it together with the authority that vouches for it.
 * The registry trusts the authority, so that a signing key can change without the registry noticing.
 *
 * @param config - where keys are
 * @param log - warned when a private key can be read by others
 * @returns the key
 * @throws Error that names the file, when a key or certificate cannot be used
 */
export async function openSigningKey(config: KeyStoreConfig, log: Logger): Promise<SigningKey> {
  const { keyFile, certificateFile } = config;
  if (keyFile === null) return madeKey(config);
  await warnIfReadableByOthers(keyFile, log);
  const key = parsePrivateKey(keyFile, await readFile(keyFile, "utf8"));
  const chain =
    certificateFile === null
      ? await issueCertificate(await openAuthority(config.directory), key, config.owner)
      : await readFile(certificateFile, "utf8");
  return assemble(key, chain, certificateFile ?? keyFile);
}

/**
 * @param directory - folder for keys, made when missing
 * @returns the authority whose certificate, `ca.cert.pem` in that folder, the registry trusts
 */
export async function openAuthority(directory: string): Promise<Authority> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const keyPem = await createOnce(join(directory, "ca.key.pem"), 0o600, generateKeyPem);
  const certificatePem = await createOnce(join(directory, "ca.cert.pem"), 0o644, () =>
    selfSignAuthority(keyPem),
  );
  return { keyPem, certificatePem };
}

async function madeKey({ directory, owner }: KeyStoreConfig): Promise<SigningKey> {
  const authority = await openAuthority(directory);
  const keyPath = join(directory, `${owner}.key.pem`);
  const key = parsePrivateKey(keyPath, await createOnce(keyPath, 0o600, generateKeyPem));
  const certificatePath = join(directory, `${owner}.cert.pem`);
  const chain = await createOnce(certificatePath, 0o644, () =>
    issueCertificate(authority, key, owner),
  );
  return assemble(key, chain, certificatePath);
}

async function assemble(key: KeyObject, chainPem: string, path: string): Promise<SigningKey> {
  const certificates = splitPem(chainPem, path);
  if (certificates[0]?.checkPrivateKey(key) !== true)
    throw new Error(`${path}: the first certificate does not belong to the private key`);
  const algorithm = algorithmOf(key, path);
  const jwk = createPublicKey(key).export({ format: "jwk" }) as JWK;
  const keyId = await calculateJwkThumbprint(jwk);
  const x5c = certificates.map((certificate) => certificate.raw.toString("base64"));
  const publicJwk = { ...jwk, kid: keyId, alg: algorithm, use: "sig", x5c: [...x5c] };
  return { privateKey: key, algorithm, keyId, x5c, publicJwk };
}

function parsePrivateKey(path: string, pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw new Error(`${path}: not a private key in PEM form`);
  }
}

function splitPem(pem: string, path: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch {
    throw new Error(`${path}: not a certificate chain in PEM form`);
  }
}

function algorithmOf(key: KeyObject, path: string): SigningAlgorithm {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === "ec" && details?.namedCurve === "prime256v1") return "ES256";
  if (key.asymmetricKeyType === "rsa" && (details?.modulusLength ?? 0) >= 2048) return "RS256";
  throw new Error(`${path}: wanted an EC key on P-256 or an RSA key of at least 2048 bits`);
}

async function warnIfReadableByOthers(path: string, log: Logger): Promise<void> {
  const { mode } = await stat(path);
  if ((mode & 0o077) !== 0)
    log.warn({ event: "key.readable-by-others", path, mode: (mode & 0o777).toString(8) });
}
