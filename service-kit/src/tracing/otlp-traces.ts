import { ROOT_CONTEXT } from "@opentelemetry/api";
import { W3CTraceContextPropagator } from "@opentelemetry/core";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";
import { inTime } from "../in-time.js";
import type { Logger } from "../log.js";
import type { TracingConfig } from "./config.js";
import { followRequest } from "./follow-request.js";
import { collectorClient } from "./collector-client.js";
import { resourceOf } from "./resource-of.js";
import { samplerOf } from "./sampler-of.js";
import type { OpenedTraces, TracedService } from "./traced-service.js";

/** How long the last spans may take when the process ends, in milliseconds. */
const LAST_MILLISECONDS = 2_000;
/** The SDK's own, which are the specification's; more of them that wait are dropped. */
const MOST_WAITING = 2_048;
const SENT_EVERY_MILLISECONDS = 5_000;

/**
 * @param config - where traces go
 * @param service - whose they are
 * @param log - where it is told that they were lost
 * @returns what collects them, and sends them
 */
export function otlpTraces(
  config: TracingConfig,
  service: TracedService,
  log: Logger,
): OpenedTraces {
  const exporter = collectorClient(config, log);
  const provider = new TracerProvider({
    resource: resourceOf(service.name),
    sampler: samplerOf(config),
    spanProcessors: [
      new BatchSpanProcessor({
        exporter,
        maxQueueSize: MOST_WAITING,
        scheduledDelayMillis: SENT_EVERY_MILLISECONDS,
      }),
    ],
  });
  const follow = followRequest({
    tracer: provider.getTracer("wharfinger"),
    propagator: new W3CTraceContextPropagator(),
    root: ROOT_CONTEXT,
    database: service.database,
  });
  const part = {
    name: "traces",
    start: () => Promise.resolve(),
    // A collector that is away keeps no process from its end; what it refuses is told of by whoever asks it.
    stop: () => {
      const last = provider.shutdown().catch(() => undefined);
      const late = () => new Error("the collector did not take the last spans in time");
      return inTime(last, LAST_MILLISECONDS, late).catch((err: unknown) => {
        log.warn({ event: "traces.lost", err });
      });
    },
  };
  return { traces: { begin: follow }, parts: [part] };
}
