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

/** When a certificate counts, in seconds since the epoch. */
export interface Validity {
  readonly from: number;
  readonly to: number;
}

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** Certificates begin an hour early: the registry's clock may be behind ours. */
const BACKDATE_SECONDS = 3600;

/** @returns a new P-256 private key as PKCS#8 PEM */
export async function generateKeyPem(): Promise<string> {
  const { privateKey } = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const der = await webcrypto.subtle.exportKey("pkcs8", privateKey);
  return x509.PemConverter.encode(der, "PRIVATE KEY") + "\n";
}

/**
 * @param keyPem - P-256 private key as PKCS#8 PEM
 * @param validity - when the authority counts
 * @returns a self-signed certificate of an authority that may only sign end certificates, as PEM
 */
export async function selfSignAuthority(keyPem: string, validity: Validity): Promise<string> {
  const publicKey = publicKeyOf(createPrivateKey(keyPem));
  // A name of its own: a verifier that knows two authorities then asks the right one alone.
  const name = `CN=Wharfinger gateway authority ${randomHex(4)}`;
  const certificate = await x509.X509CertificateGenerator.create({
    ...naming(name, name, validity),
    publicKey,
    signingKey: await importSigningKey(keyPem),
    signingAlgorithm: P256,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
    ],
  });
  return certificate.toString("pem") + "\n";
}

/**
 * @param authority - who vouches
 * @param key - private or public key to vouch for
 * @param name - common name of the holder
 * @param validity - when the certificate counts
 * @returns an end certificate for token signatures, as PEM
 */
export async function issueCertificate(
  authority: Authority,
  key: KeyObject,
  name: string,
  validity: Validity,
): Promise<string> {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const certificate = await x509.X509CertificateGenerator.create({
    ...naming(`CN=${name}`, issuer.subject, validity),
    publicKey: publicKeyOf(key),
    signingKey: await importSigningKey(authority.keyPem),
    signingAlgorithm: P256,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return certificate.toString("pem") + "\n";
}

function naming(subject: string, issuer: string, { from, to }: Validity) {
  return {
    serialNumber: randomHex(16).replace(/^./, "1"),
    subject,
    issuer,
    notBefore: new Date((from - BACKDATE_SECONDS) * 1000),
    notAfter: new Date(to * 1000),
  };
}

function randomHex(bytes: number): string {
  return Buffer.from(webcrypto.getRandomValues(new Uint8Array(bytes))).toString("hex");
}

function publicKeyOf(key: KeyObject): x509.PublicKey {
  const publicKey = key.type === "private" ? createPublicKey(key) : key;
  return new x509.PublicKey(publicKey.export({ type: "spki", format: "der" }));
}

function importSigningKey(keyPem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(keyPem).export({ type: "pkcs8", format: "der" });
  return webcrypto.subtle.importKey("pkcs8", der, P256, false, ["sign"]);
}
