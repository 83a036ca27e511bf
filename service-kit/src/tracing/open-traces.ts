import type { Logger } from "../log.js";
import type { TracingConfig } from "./config.js";
import type { OpenedTraces, TracedService } from "./traced-service.js";

/**
 * The SDK is loaded only where traces go somewhere: nobody else pays for it with time or memory.
 *
 * @param config - where traces go; `null`: nowhere
 * @param service - whose they are
 * @param log - where it is told that they were lost
 * @returns what collects them
 */
export async function openTraces(
  config: TracingConfig | null,
  service: TracedService,
  log: Logger,
): Promise<OpenedTraces> {
  if (config === null) return { traces: null, parts: [] };
  const { otlpTraces } = await import("./otlp-traces.js");
  return otlpTraces(config, service, log);
}
