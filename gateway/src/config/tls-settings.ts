import type { EnvReader } from "#service-kit/config.js";
import { readCertificateFiles, type CertificateFiles } from "#service-kit/tls/certificate-files.js";
import { readStrictTransport } from "#service-kit/tls/strict-transport.js";
import type { AcmeSettings } from "../acme/settings.js";
import { readAcme } from "./acme-settings.js";

/** How clients are spoken to. */
export interface TlsSettings {
  /** `null`: without TLS, or by a certificate that comes from elsewhere. */
  readonly certificateFiles: CertificateFiles | null;
  /** `null`: nobody is asked for a certificate. */
  readonly acme: AcmeSettings | null;
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
  const acme = readAcme(read);
  const settings = {
    ...{ certificateFiles, acme, strictTransportSeconds },
    redirectPort: redirectPort === 0 ? null : redirectPort,
  };
  refuseContradictions(read, settings, publicUrl);
  return settings;
}

function refuseContradictions(
  read: EnvReader,
  { certificateFiles, acme, redirectPort }: TlsSettings,
  publicUrl: string | null,
): void {
  const isTls = certificateFiles !== null || acme !== null;
  if (redirectPort !== null && isPort(redirectPort) && !isTls)
    read.fault(
      "HTTP_REDIRECT_PORT",
      "given without TLS_CERTIFICATE_FILE or ACME_NAMES, wanted one of them with it",
    );
  if (certificateFiles !== null && acme !== null)
    read.fault("ACME_NAMES", "given with TLS_CERTIFICATE_FILE, wanted one of them");
  if (acme?.challenge === "http-01" && redirectPort === null)
    read.fault("ACME_CHALLENGE", "given http-01 without HTTP_REDIRECT_PORT, wanted both");
  if (isTls && publicUrl?.startsWith("http://") === true)
    read.fault("PUBLIC_URL", "given http://, wanted https:// since PORT speaks TLS");
  const host = hostOf(publicUrl);
  if (acme !== null && host !== null && !acme.names.includes(host))
    read.fault("ACME_NAMES", `lacks ${host} of PUBLIC_URL, wanted that as well`);
}

/** What is none has been refused already. */
function isPort(port: number): boolean {
  return Number.isInteger(port) && port > 0 && port < 65_536;
}

function hostOf(url: string | null): string | null {
  return url !== null && URL.canParse(url) ? new URL(url).hostname : null;
}
