import { pino, type Logger } from "pino";
import type { EnvReader } from "./config.js";
import { describeError } from "./describe-error.js";

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

/**
 * @param service - name of the process, on every line
 * @param level - least severe level that is written
 * @returns a logger that writes one JSON object a line to standard output; errors show type, message, code and
 *   stack alone, and the usual places of credentials are blanked should a caller ever pass them
 */
export function createLogger(service: string, level: LogLevel): Logger {
  return pino({
    level,
    base: { service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: describeError },
    redact: {
      paths: ["authorization", "*.authorization", "password", "*.password", "token", "*.token"],
      censor: "[secret]",
    },
  });
}
