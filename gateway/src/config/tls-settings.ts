import type { EnvReader } from "#service-kit/config.js";
import { readCertificateFiles, type CertificateFiles } from "#service-kit/tls/certificate-files.js";
import { readStrictTransport } from "#service-kit/tls/strict-transport.js";

/** How clients are spoken to. */
export interface TlsSettings {
  /** `null`: without TLS, or by a certificate that comes from elsewhere. */
  readonly certificateFiles: CertificateFiles | null;
  /** For how long browsers are told to ask by HTTPS alone; 0: they are told nothing. */
  readonly strictTransportSeconds: number;
  /** Port that leads to HTTPS; `null`: there is none. */
  readonly redirectPort: number | null;
}

/**
 * @param read - reader that collects faults
 * @param publicUrl - origin that clients use, if it is configured
 * @returns how clients are spoken to
 */
export function readTls(read: EnvReader, publicUrl: string | null): TlsSettings {
  const certificateFiles = readCertificateFiles(read);
  const strictTransportSeconds = readStrictTransport(read);
  const redirectPort = read.integer(
    "HTTP_REDIRECT_PORT",
    0,
    { min: 0, max: 65_535 },
    "port without TLS that leads browsers to HTTPS and refuses registry clients (docs/tls.md); 0: there is none",
  );
  const isPort = Number.isInteger(redirectPort) && redirectPort > 0 && redirectPort < 65_536;
  if (isPort && certificateFiles === null)
    read.fault("HTTP_REDIRECT_PORT", "given without TLS_CERTIFICATE_FILE, wanted both or neither");
  if (certificateFiles !== null && publicUrl?.startsWith("http://") === true)
    read.fault(
      "PUBLIC_URL",
      `given ${JSON.stringify(publicUrl)}, wanted https:// since PORT speaks TLS`,
    );
  return {
    certificateFiles,
    strictTransportSeconds,
    redirectPort: redirectPort === 0 ? null : redirectPort,
  };
}
