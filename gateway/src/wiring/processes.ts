import cluster from "node:cluster";
import { metricsListener } from "#service-kit/http/metrics-listener.js";
import { createLogger } from "#service-kit/log.js";
import { createMetrics } from "#service-kit/metrics.js";
import { workerProcesses } from "#service-kit/processes/worker-processes.js";
import type { Running } from "#service-kit/run-until-signal.js";
import type { GatewayConfig } from "../config/config.js";

/** What stopping takes besides waiting for requests. */
const MARGIN_SECONDS = 10;

/**
 * Each process is a gateway of its own beside others of this ledger, as if they ran on other machines; what they have in common are the
 * ports, of which this process takes the connections and hands them on in turn, and the metrics.
 *
 * @param config - how many processes there are, where metrics are shown, and how to end
 * @returns this process, which starts them and shows what they have counted
 */
export function openProcesses(
  config: Pick<
    GatewayConfig,
    "processes" | "logLevel" | "metricsHost" | "metricsPort" | "noticeSeconds" | "drainSeconds"
  >,
): Running {
  const log = createLogger("gateway", config.logLevel);
  const metrics = createMetrics();
  const workers = workerProcesses({
    count: config.processes,
    fork: () => cluster.fork(),
    stopMilliseconds: (config.drainSeconds + MARGIN_SECONDS) * 1_000,
    ...{ log, registry: metrics.registry },
  });
  const at = { host: config.metricsHost, port: config.metricsPort };
  const shown = metricsListener(at, { ...metrics, text: () => workers.metrics() }, log);
  return { components: [shown, workers], log, noticeSeconds: config.noticeSeconds };
}

/**
 * @param config - of the service
 * @param id - number of a process, from 1; absent: it is the only one
 * @returns the same for that process: only one of them can have a port of its own that is named
 */
export function configOfProcess(config: GatewayConfig, id: number | undefined): GatewayConfig {
  const isFirst = id === undefined || id === 1;
  return isFirst || config.inspectorPort === null ? config : { ...config, inspectorPort: 0 };
}
