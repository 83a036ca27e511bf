// @peculiar/x509 resolves its parts by decorators and needs this loaded before it.
import "reflect-metadata";
import { createPrivateKey, createPublicKey, webcrypto, type KeyObject } from "node:crypto";
import * as x509 from "@peculiar/x509";

/** A key pair's private half and the certificate that goes with it. */
export interface Authority {
  /** PKCS#8, PEM. */
  readonly keyPem: string;
  /** X.509, PEM. */
  readonly certificatePem: string;
}

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const YEAR_MILLISECONDS = 365 * 24 * 3600 * 1000;
const VALID_YEARS = 10;

/** @returns a new P-256 private key as PKCS#8 PEM */
export async function generateKeyPem(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const der = await webcrypto.subtle.exportKey("pkcs8", privateKey);
  return x509.PemConverter.encode(der, "PRIVATE KEY") + "\n";
}

/**
 * @param keyPem - P-256 private key as PKCS#8 PEM
 * @returns a self-signed certificate of an authority that may only sign end certificates, as PEM
 */
export async function selfSignAuthority(keyPem: string): Promise<string> {
  const certificate = await x509.X509CertificateGenerator.create({
    ...naming("CN=Wharfinger token authority", "CN=Wharfinger token authority"),
    publicKey: publicKeyOf(createPrivateKey(keyPem)),
    signingKey: await importSigningKey(keyPem),
    signingAlgorithm: P256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return certificate.toString("pem") + "\n";
}

/**
 * @param authority - who vouches
 * @param key - private or public key to vouch for
 * @param name - common name of the holder
 * @returns an end certificate for token signatures, as PEM
 */
export async function issueCertificate(
  authority: Authority,
  key: KeyObject,
  name: string,
): Promise<string> {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const certificate = await x509.X509CertificateGenerator.create({
    ...naming(`CN=${name}`, issuer.subject),
    publicKey: publicKeyOf(key),
    signingKey: await importSigningKey(authority.keyPem),
    signingAlgorithm: P256,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    ],
  });
  return certificate.toString("pem") + "\n";
}

/** Certificates begin an hour early: the registry's clock may be behind ours. */
function naming(subject: string, issuer: string) {
  const now = Date.now();
  return {
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)))
      .toString("hex")
      .replace(/^./, "1"),
    subject,
    issuer,
    notBefore: new Date(now - 3600_000),
    notAfter: new Date(now + VALID_YEARS * YEAR_MILLISECONDS),
  };
}

function publicKeyOf(key: KeyObject): x509.PublicKey {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return new x509.PublicKey(publicKey.export({ type: "spki", format: "der" }));
}

function importSigningKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(keyPem).export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", der, P256, false, ["sign"]);
}
