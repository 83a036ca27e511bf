import type { EnvReader } from "../config.js";
import type { Secret } from "../secret.js";
import type { SecretForm } from "../secret-form.js";

/** Which traces are collected, where nobody before decided it (OpenTelemetry specification, "Environment Variables"). */
export const SAMPLERS = [
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
  "always_on",
  "always_off",
  "traceidratio",
] as const;
export type SamplerName = (typeof SAMPLERS)[number];

/** Where traces go. */
export interface TracingConfig {
  /** Takes OTLP over HTTP in JSON; absolute. */
  readonly url: string;
  /** Headers of each request there, as `name=value` split by commas. */
  readonly headers: Secret | null;
  readonly sampler: SamplerName;
  /** Share of the traces that are collected, from 0 to 1; used by samplers that go by it. */
  readonly ratio: number;
}

/** W3C Baggage, as the OpenTelemetry protocol exporter has it: values are percent-encoded. */
const HEADERS: SecretForm = {
  wanted: "name=value, split by commas, values percent-encoded",
  accepts: (text) => /^[\w-]+=[!-+\--~ ]*(?:,\s*[\w-]+=[!-+\--~ ]*)*$/.test(text),
};

/**
 * @param read - reader that collects faults
 * @returns where traces go; `null`: nobody collects them
 */
export function readTracing(read: EnvReader): TracingConfig | null {
  const base = read.optionalUrl(
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    {
      meaning:
        "collector of traces, asked at `/v1/traces` below it by OTLP in JSON (docs/monitoring.md#traces)",
      absent: "no traces",
    },
    "path",
  );
  const headers = read.optionalSecret("OTEL_EXPORTER_OTLP_HEADERS", HEADERS, {
    meaning: "headers for the collector, such as a key that it wants",
    wanted: "secret: `name=value`, split by commas, values percent-encoded",
  });
  const sampler = read.oneOf(
    "OTEL_TRACES_SAMPLER",
    "parentbased_always_on",
    SAMPLERS,
    "which traces are collected; `parentbased_…` goes on with those of a trusted proxy as that has decided",
  );
  const ratio = readRatio(read);
  return base === null ? null : { url: `${base}/v1/traces`, headers, sampler, ratio };
}

function readRatio(read: EnvReader): number {
  const given = read.text("OTEL_TRACES_SAMPLER_ARG", "1", {
    meaning: "share of the traces that `…traceidratio` collects",
    wanted: "number from 0 to 1",
  });
  const ratio = Number(given);
  if (/^\d*\.?\d+$/.test(given) && ratio <= 1) return ratio;
  read.fault(
    "OTEL_TRACES_SAMPLER_ARG",
    `given ${JSON.stringify(given)}, wanted a number from 0 to 1`,
  );
  return 1;
}
