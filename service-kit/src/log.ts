import { pino, type Logger } from "pino";
import type { EnvReader } from "./config.js";
import { describeError } from "./describe-error.js";
import { lineWriter } from "./line-writer.js";

export type { Logger };

/** Levels a service can be set to. */
export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/**
 * @param read - reader that collects faults
 * @returns what `LOG_LEVEL` says
 */
export function readLogLevel(read: EnvReader): LogLevel {
  return read.oneOf(
    "LOG_LEVEL",
    "info",
    LOG_LEVELS,
    "least severe lines that are logged; requests that only read and succeed are `debug`",
  );
}

const STANDARD_OUTPUT = 1;

/**
 * A log that cannot be written, since the disk is full, stops nothing: what a service does is on record in the database. How many
 * lines were lost is told once there is room again (`log.lost`).
 *
 * @param service - name of the process, on every line
 * @param level - least severe level that is written
 * @param file - descriptor that lines are written to; absent: standard output
 * @returns a logger that writes one JSON object a line; errors show type, message, code and
 *   stack alone, and the usual places of credentials are blanked should a caller ever pass them
 */
export function createLogger(service: string, level: LogLevel, file = STANDARD_OUTPUT): Logger {
  const options = {
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: describeError },
    // Otherwise an error's message would stand in the line a second time, at any length.
    errorKey: "thrown",
    redact: {
      paths: ["authorization", "*.authorization", "password", "*.password", "token", "*.token"],
      censor: "[secret]",
    },
  };
  return pino(
    options,
    lineWriter(file, (lines) => lostLine(service, lines)),
  );
}

function lostLine(service: string, lines: number): string {
  const message = "so many lines could not be written: is the disk full?";
  const time = new Date().toISOString();
  return `${JSON.stringify({ level: "error", time, service, event: "log.lost", lines, message })}\n`;
}
