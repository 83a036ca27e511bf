import type { X509Certificate } from "node:crypto";
import { Counter } from "prom-client";
import { clockReading, steadyNow } from "#service-kit/clocks/clock-reading.js";
import type { ClockWatch } from "#service-kit/clocks/clock-watch.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import type { Logger } from "#service-kit/log.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { RefusedFiles } from "#service-kit/refused-files.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import { callerVerifier } from "#service-kit/signing/caller-statement.js";
import { certificatesIn } from "#service-kit/signing/certificates-in.js";
import { watchFile, type WatchedFile } from "#service-kit/watch-file.js";
import {
  STATEMENT_OUTCOMES,
  toldByGateway,
  type RequestOrigin,
} from "../routes/told-by-gateway.js";

/** Where requests are from, followed while the trust in gateways changes. */
export interface FollowedOrigin extends Opened {
  readonly origin: RequestOrigin;
}

/** Statements have no fractions of a second. */
const STATEMENT_COARSENESS = 1_000;

/**
 * @param config - file with the certificates of the authorities that certify gateways' keys (`null`: no gateway's word
 *   counts), and peers whose `X-Forwarded-For` counts
 * @param deps - log, metrics, and who hears of gateways' clocks
 * @returns the reader of requests' origins
 * @throws YamlFileError that names the file, when it holds no certificates at the start
 */
export async function openRequestOrigin(
  config: { readonly gatewayTrustFile: string | null; readonly trustedProxies: readonly string[] },
  deps: {
    readonly log: Logger;
    readonly metrics: ServiceMetrics;
    readonly clocks: Pick<ClockWatch, "note">;
    readonly files: RefusedFiles;
  },
): Promise<FollowedOrigin> {
  const { log, metrics, clocks } = deps;
  const statements = new Counter({
    name: "caller_statements_total",
    help: "What gateways said of their callers, by whether it was believed; absent: a request past the gateways",
    labelNames: ["outcome"],
    registers: [metrics.registry],
  });
  for (const outcome of STATEMENT_OUTCOMES) statements.inc({ outcome }, 0);
  const trust = await openTrust(config.gatewayTrustFile, deps);
  const now = Date.now;
  const onTime = (keyId: string, at: number) => {
    const told = { at, coarseness: STATEMENT_COARSENESS };
    clocks.note(
      `the gateway with key ${keyId.slice(0, 12)}`,
      clockReading(told, steadyNow(), steadyNow()),
    );
  };
  const origin = toldByGateway({
    verify: trust === null ? null : callerVerifier({ anchors: () => trust.current(), now, onTime }),
    direct: clientReader(config.trustedProxies, { log, now }),
    log,
    now,
    count: (outcome) => {
      statements.inc({ outcome });
    },
  });
  const following = {
    name: "trust in gateways",
    start: () => Promise.resolve(),
    stop: () => {
      trust?.stop();
      return Promise.resolve();
    },
  };
  return { origin, parts: [following] };
}

async function openTrust(
  file: string | null,
  { log, files }: { readonly log: Logger; readonly files: RefusedFiles },
): Promise<WatchedFile<readonly X509Certificate[]> | null> {
  if (file === null) return null;
  const noteFile = files.follow(file);
  return watchFile(file, {
    load: (text) => certificatesIn(text, file),
    onRefused: (faults) => {
      log.error({ event: "gateway-trust.refused", file, faults });
    },
    onOutcome: (outcome) => {
      noteFile(outcome);
      log.info({ event: "gateway-trust.changed", file, outcome });
    },
  });
}
