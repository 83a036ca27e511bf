import { Registry } from "prom-client";
import { clockReading, steadyNow } from "#service-kit/clocks/clock-reading.js";
import { clockWatch, type ClockWatch } from "#service-kit/clocks/clock-watch.js";
import { SILENT } from "./silent.js";

/**
 * @param now - a gateway's own clock, in milliseconds since the epoch
 * @returns what compares it with the clocks that it is told of
 */
export function gatewayClocks(now: () => number = Date.now): ClockWatch {
  return clockWatch("the gateway", [], { log: SILENT, metrics: { registry: new Registry() }, now });
}

/** @returns what compares a gateway's clock with Postgres', which agrees */
export function agreeingClocks(): ClockWatch {
  const clocks = gatewayClocks();
  const now = steadyNow();
  clocks.note("Postgres", clockReading({ at: Date.now(), coarseness: 0 }, now, now));
  return clocks;
}
