import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { openAuthority } from "#service-kit/signing/authority-folder.js";
import { generateKeyPem, issueCertificate } from "#service-kit/signing/certificates.js";
import { readKeyFolder } from "#service-kit/signing/key-folder.js";
import { operatorFolders, type OperatorFolders } from "#service-kit/signing/operator-folders.js";
import { renewKeys } from "#service-kit/signing/renew.js";
import {
  assembleSigningKey,
  parseCertificates,
  type SigningKey,
} from "#service-kit/signing/signing-key.js";

/**
 * @param root - a folder that need not be there yet
 * @returns a key that another authority certified
 */
export async function strangersKey(root: string): Promise<SigningKey> {
  const others = operatorFolders(root);
  await renewKeys(others, { lifetimeSeconds: 86_400, ahead: 0 }, now());
  return gatewayKey(others);
}

/**
 * A certificate of a gateway is no authority, whatever its key has signed.
 *
 * @param key - a gateway's
 * @returns a key that it certified
 */
export async function certifiedBy(key: SigningKey): Promise<SigningKey> {
  const [leaf = ""] = key.x5c ?? [];
  const gateway = new X509Certificate(Buffer.from(leaf, "base64"));
  const keyPem = key.privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const authority = { keyPem, certificatePem: gateway.toString() };
  const own = createPrivateKey(await generateKeyPem());
  const validity = { from: now(), to: now() + 3_600 };
  const certificate = await issueCertificate(authority, own, "gateway", validity);
  return assembleSigningKey(own, [new X509Certificate(certificate), gateway], "test");
}

/**
 * @param folders - where the gateways' authority is
 * @param from - when the certificate begins, in seconds from now
 * @returns a key that the authority certified for an hour
 */
export async function keyFrom(folders: OperatorFolders, from: number): Promise<SigningKey> {
  const own = createPrivateKey(await generateKeyPem());
  const validity = { from: now() + from, to: now() + from + 3_600 };
  const authority = await openAuthority(folders.authority, now());
  const certificate = await issueCertificate(authority, own, "gateway", validity);
  return assembleSigningKey(own, [new X509Certificate(certificate)], "test");
}

/** @returns the gateways' first key */
export async function gatewayKey({ keys }: OperatorFolders): Promise<SigningKey> {
  const found = await readKeyFolder({ directory: keys, owner: "gateway", certified: true });
  const [first] = found;
  if (first === undefined) throw new Error("no key");
  return first.key;
}

/** @returns the authorities that gateways' keys are trusted by */
export async function bundle({ trust }: OperatorFolders): Promise<readonly X509Certificate[]> {
  return parseCertificates(await readFile(join(trust, "gateway.pem"), "utf8"), "gateway.pem");
}

function now(): number {
  return Math.floor(Date.now() / 1000);
}
