import { X509Certificate, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { ConfigError } from "#service-kit/config.js";
import type { Logger } from "#service-kit/log.js";

/** The certificates of those who may sign instance identity documents. */
export interface CertificateBundle {
  /** @returns public keys of the certificates that are valid at this moment */
  keysAt(milliseconds: number): readonly KeyObject[];
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/**
 * @param path - file with certificates in PEM form, one after the other
 * @returns the bundle; certificates count only between their two dates
 * @throws ConfigError when there is none, or one that cannot be read
 */
export function readCertificates(path: string): CertificateBundle {
  const texts = readFileSync(path, "utf8").match(PEM) ?? [];
  if (texts.length === 0) throw new ConfigError([`${path}: wanted certificates in PEM form`]);
  const certificates = texts.map((pem, index) =>
    parseCertificate(pem, `${path}: certificate ${index + 1}`),
  );
  return {
    keysAt: (milliseconds) =>
      certificates
        .filter(({ from, to }) => from <= milliseconds && milliseconds <= to)
        .map(({ key }) => key),
  };
}

/** Says at start what otherwise shows when machines cannot log in. */
export function warnOfUnusable(bundle: CertificateBundle, path: string, deps: WarnDeps): void {
  if (bundle.keysAt(deps.now()).length === 0)
    deps.log.warn({
      event: "machines.certificates-expired",
      path,
      message: "no certificate in this file is valid today: no machine can log in",
    });
}

interface WarnDeps {
  readonly log: Logger;
  readonly now: () => number;
}

function parseCertificate(pem: string, name: string) {
  try {
    const certificate = new X509Certificate(pem);
    return {
      key: certificate.publicKey,
      from: Date.parse(certificate.validFrom),
      to: Date.parse(certificate.validTo),
    };
  } catch {
    throw new ConfigError([`${name} cannot be read`]);
  }
}
