import { webcrypto } from "node:crypto";
// @peculiar/x509 resolves its parts by decorators and needs this loaded before it.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import {
  generateKeyPem,
  selfSignAuthority,
  type Authority,
} from "#service-kit/signing/certificates.js";

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const HOUR_SECONDS = 3_600;

/**
 * @param moreSeconds - how much longer than an hour it is good
 * @returns an authority of a test's own
 */
export async function makeAuthority(moreSeconds = 0): Promise<Authority> {
  const now = Math.floor(Date.now() / 1_000);
  const keyPem = await generateKeyPem();
  const validity = { from: now, to: now + HOUR_SECONDS + moreSeconds };
  return { keyPem, certificatePem: await selfSignAuthority(keyPem, validity) };
}

/**
 * @param authority - which certifies it
 * @param names - DNS names of a server
 * @returns its certificate and key, as PEM
 */
export async function makeLeaf(
  authority: Authority,
  names: readonly string[],
): Promise<{ certificate: string; key: string }> {
  const keys = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: "02",
    subject: "CN=localhost",
    issuer: issuer.subject,
    notBefore: issuer.notBefore,
    notAfter: issuer.notAfter,
    publicKey: keys.publicKey,
    signingKey: await webcrypto.subtle.importKey(
      "pkcs8",
      x509.PemConverter.decodeFirst(authority.keyPem),
      P256,
      false,
      ["sign"],
    ),
    signingAlgorithm: P256,
    extensions: [
      new x509.SubjectAlternativeNameExtension(names.map((value) => ({ type: "dns", value }))),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificate: certificate.toString("pem"),
    key: x509.PemConverter.encode(pkcs8, "PRIVATE KEY"),
  };
}
