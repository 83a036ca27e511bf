import type { Row, Sample } from "./topic.js";

/**
 * @param rows - what was measured
 * @returns lines for people: each side's median, what the gateway used, and each target with what was reached
 */
export function linesOf(rows: readonly Row[]): string[] {
  return rows.flatMap((row) => [
    "",
    row.title,
    ...row.sides.map(({ name, median }) => `  ${name.padEnd(14)}${shownSample(median, row.unit)}`),
    `  the gateway used ${rounded(row.used.cpuSeconds)} s of processor time, ${rounded(row.used.microsecondsEach)} µs each; peak ${rounded(row.used.peakMebibytes)} MiB`,
    ...row.targets.map(
      ({ what, wanted, isMost, reached, isReached }) =>
        `  ${isReached ? "reached" : "MISSED "} ${what}: ${rounded(reached)}, wanted ${isMost ? "≤" : "≥"} ${wanted}`,
    ),
  ]);
}

function shownSample({ value, p50, p99 }: Sample, unit: string): string {
  const times = p50 === undefined ? "" : `, p50 ${rounded(p50)} ms`;
  const late = p99 === undefined ? "" : `, p99 ${rounded(p99)} ms`;
  return `${rounded(value).padStart(9)} ${unit}${times}${late}`;
}

/** @returns the number with as many digits as mean something */
export function rounded(value: number): string {
  if (!Number.isFinite(value)) return "-";
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toFixed(digits);
}
