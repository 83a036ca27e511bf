import type { TlsServing } from "#service-kit/http/tls-serving.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { showCertificateEnd } from "#service-kit/tls/certificate-metrics.js";
import { followCertificate } from "#service-kit/tls/follow-certificate.js";
import type { TokenServerConfig } from "../config/config.js";

/** What the token server's port proves itself by. */
export interface Certificate extends Opened {
  /** `null`: it speaks without TLS. */
  readonly serving: TlsServing | null;
}

/**
 * @param config - where the certificate is
 * @param deps - log, metrics, and where refused files are noted
 * @returns the certificate, followed while its files change
 * @throws YamlFileError when they cannot be used
 */
export async function openCertificate(
  { certificateFiles }: Pick<TokenServerConfig, "certificateFiles">,
  deps: {
    readonly log: Logger;
    readonly metrics: Pick<ServiceMetrics, "registry">;
    readonly files: RefusedFiles;
  },
): Promise<Certificate> {
  if (certificateFiles === null) return { serving: null, parts: [] };
  const now = Date.now;
  const { serving, endsAt, parts } = await followCertificate(certificateFiles, { ...deps, now });
  showCertificateEnd(deps.metrics.registry, endsAt, now);
  return { serving, parts };
}
