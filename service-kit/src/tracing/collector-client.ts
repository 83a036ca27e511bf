import { ExportResultCode, parseKeyPairsIntoRecord } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import type { SpanExporter } from "@opentelemetry/sdk-trace";
import { lastingFailure } from "../lasting-failure.js";
import type { Logger } from "../log.js";
import type { TracingConfig } from "./config.js";

/** How long a collector may take for what it is sent, repetitions included, in milliseconds. */
const PATIENCE_MILLISECONDS = 10_000;

/**
 * @param config - where the collector is, and what it wants to hear
 * @param log - told when it does not take what it is sent, once a minute
 * @returns what sends spans there
 */
export function collectorClient(
  { url, headers }: Pick<TracingConfig, "url" | "headers">,
  log: Pick<Logger, "warn">,
): SpanExporter {
  const exporter = new OTLPTraceExporter({
    url,
    timeoutMillis: PATIENCE_MILLISECONDS,
    headers: headers === null ? {} : parseKeyPairsIntoRecord(headers.reveal()),
  });
  let lost = 0;
  const failing = lastingFailure(({ err }) => {
    log.warn({ event: "traces.lost", spans: lost, err });
    lost = 0;
  });
  return {
    export: (spans, told) => {
      exporter.export(spans, (result) => {
        if (result.code === ExportResultCode.SUCCESS) failing.worked();
        else {
          lost += spans.length;
          failing.failed(result.error);
        }
        told(result);
      });
    },
    forceFlush: () => exporter.forceFlush(),
    shutdown: () => exporter.shutdown(),
  };
}
