// @peculiar/x509 resolves its parts by decorators and needs this loaded before it.
import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { isIP } from "node:net";
import * as x509 from "@peculiar/x509";

const P256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
/** A client's clock may be behind ours. */
const BACKDATE_SECONDS = 3_600;

/** Whom a certificate is for, and how long it is good, in seconds since the epoch. */
export interface SelfSigned {
  /** Host names and addresses. */
  readonly names: readonly string[];
  readonly now: number;
  readonly endsAt: number;
}

/**
 * Whoever trusts it trusts this one key for these names, and not somebody who could vouch for others: it is no authority.
 *
 * @param asked - whom it is for, and how long
 * @returns certificate and key, as PEM
 */
export async function selfSigned({ names, now, endsAt }: SelfSigned) {
  const keys = await webcrypto.subtle.generateKey(P256, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: `1${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString("hex")}`,
    name: "CN=Wharfinger trial",
    notBefore: new Date((now - BACKDATE_SECONDS) * 1_000),
    notAfter: new Date(endsAt * 1_000),
    signingAlgorithm: P256,
    keys,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        names.map((value) => ({ type: isIP(value) === 0 ? "dns" : "ip", value })),
      ),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey("pkcs8", keys.privateKey);
  return {
    certificatePem: `${certificate.toString("pem")}\n`,
    keyPem: `${x509.PemConverter.encode(pkcs8, "PRIVATE KEY")}\n`,
  };
}
