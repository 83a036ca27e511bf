import type { Routed } from "#service-kit/http/entry.js";
import type { TlsServing } from "#service-kit/http/tls-serving.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { showCertificateEnd } from "#service-kit/tls/certificate-metrics.js";
import { followCertificate } from "#service-kit/tls/follow-certificate.js";
import type { GatewayConfig } from "../config/config.js";

/** What the public port proves itself by. */
export interface Certificate extends Opened {
  /** `null`: it speaks without TLS. */
  readonly serving: TlsServing | null;
  /** What is answered at the port without TLS before it leads to HTTPS. */
  readonly withoutTls: readonly Routed[];
}

/**
 * @param config - where the certificate comes from
 * @param deps - log, metrics, and where refused files are noted
 * @returns the certificate, kept up to date
 * @throws YamlFileError when its files cannot be used
 */
export async function openCertificate(
  { tls }: Pick<GatewayConfig, "tls">,
  deps: {
    readonly log: Logger;
    readonly metrics: Pick<ServiceMetrics, "registry">;
    readonly files: RefusedFiles;
  },
): Promise<Certificate> {
  if (tls.certificateFiles === null) return { serving: null, withoutTls: [], parts: [] };
  const now = Date.now;
  const followed = await followCertificate(tls.certificateFiles, { ...deps, now });
  showCertificateEnd(deps.metrics.registry, followed.endsAt, now);
  return { serving: followed.serving, withoutTls: [], parts: followed.parts };
}
