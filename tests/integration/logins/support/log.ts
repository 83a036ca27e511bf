import { pino } from "pino";
import type { Logger } from "#service-kit/log.js";

/** A log that can be read. */
export interface ReadableLog {
  readonly log: Logger;
  /** @returns everything that was written */
  text(): string;
  /** @returns the lines of that event */
  linesOf(event: string): Record<string, unknown>[];
}

/** @returns an empty log that takes everything */
export function readableLog(): ReadableLog {
  const lines: string[] = [];
  const log = pino({ level: "trace" }, { write: (line: string) => lines.push(line) });
  return {
    log,
    text: () => lines.join(""),
    linesOf: (event) =>
      lines
        .map((line) => JSON.parse(line) as Record<string, unknown>)
        .filter((line) => line["event"] === event),
  };
}
