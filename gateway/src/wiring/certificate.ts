import { Counter, type Registry } from "prom-client";
import { runExclusively } from "#service-kit/db/exclusive.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Routed } from "#service-kit/http/entry.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import type { TlsServing } from "#service-kit/http/tls-serving.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { Sealer } from "#service-kit/signing/sealer.js";
import { showCertificateEnd } from "#service-kit/tls/certificate-metrics.js";
import { followCertificate } from "#service-kit/tls/follow-certificate.js";
import { challengeRoute } from "../acme/challenge-route.js";
import { ownCertificate } from "../acme/own-certificate.js";
import type { AcmeSettings } from "../acme/settings.js";
import type { GatewayConfig } from "../config/config.js";

/** What the public port proves itself by. */
export interface Certificate extends Opened {
  /** `null`: it speaks without TLS. */
  readonly serving: TlsServing | null;
  /** What is answered at the port without TLS before it leads to HTTPS. */
  readonly withoutTls: readonly Routed[];
}

/** What a certificate needs. */
export interface CertificateParts {
  readonly log: Logger;
  readonly metrics: Pick<ServiceMetrics, "registry">;
  readonly files: RefusedFiles;
  readonly db: Database;
  readonly sealer: Sealer;
}

/**
 * @param config - where the certificate comes from
 * @param parts - log, metrics, ledger, and where refused files are noted
 * @returns the certificate, kept up to date
 * @throws YamlFileError when its files cannot be used
 */
export async function openCertificate(
  config: Pick<GatewayConfig, "tls" | "database" | "proxies">,
  parts: CertificateParts,
): Promise<Certificate> {
  const { acme, certificateFiles } = config.tls;
  const { registry } = parts.metrics;
  const attempts = attemptCounter(registry);
  const now = Date.now;
  if (certificateFiles !== null) {
    const followed = await followCertificate(certificateFiles, { ...parts, now });
    showCertificateEnd(registry, followed.endsAt, now);
    return { serving: followed.serving, withoutTls: [], parts: followed.parts };
  }
  return acme === null
    ? { serving: null, withoutTls: [], parts: [] }
    : openOwnCertificate(acme, config, parts, attempts);
}

async function openOwnCertificate(
  acme: AcmeSettings,
  { database, proxies }: Pick<GatewayConfig, "database" | "proxies">,
  { log, metrics, db, sealer }: CertificateParts,
  attempts: Counter<"outcome">,
): Promise<Certificate> {
  const now = Date.now;
  const connections = outgoing(proxies);
  const own = await ownCertificate(acme, {
    ...{ db, sealer, log, now, connections },
    alone: async (work) => {
      await runExclusively(database, "certificate", log, work);
    },
    count: (outcome) => {
      attempts.inc({ outcome });
    },
  });
  showCertificateEnd(metrics.registry, own.endsAt, now);
  const closing = {
    name: "connections to the authority",
    start: () => Promise.resolve(),
    stop: () => {
      connections.close();
      return Promise.resolve();
    },
  };
  const answering = { direct: challengeRoute(db), routes: [] };
  const withoutTls = acme.challenge === "http-01" ? [answering] : [];
  return { serving: own.serving, withoutTls, parts: [closing, own.part] };
}

/** At zero also where none is got: a dashboard asks everybody. */
function attemptCounter(registry: Registry): Counter<"outcome"> {
  const attempts = new Counter<"outcome">({
    name: "acme_attempts_total",
    help: "Attempts to get a certificate by ACME, by how they ended",
    labelNames: ["outcome"],
    registers: [registry],
  });
  for (const outcome of ["issued", "failed"]) attempts.inc({ outcome }, 0);
  return attempts;
}
