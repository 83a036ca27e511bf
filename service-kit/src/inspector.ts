import { open } from "node:inspector";
import type { EnvReader } from "./config.js";
import type { Logger } from "./log.js";

/** Port of Node's inspector on loopback, or `null` when it is off. */
export type InspectorPort = number | null;

/**
 * Reads `NREPL_ENABLED` and `NREPL_PORT`, Pier One's names for a way to look into a running process.
 *
 * @param read - reader that collects faults
 * @returns the port, 0 for a free one, or `null` when it is off
 */
export function readInspectorPort(read: EnvReader): InspectorPort {
  const enabled = read.flag(
    "NREPL_ENABLED",
    false,
    "opens Node's inspector on loopback, for looking into a running process",
  );
  const port = read.port("NREPL_PORT", 0, {
    meaning: "port of the inspector",
    absent: "a free port",
  });
  return enabled ? port : null;
}

/**
 * Opens Node's inspector on loopback. Whoever can reach it can do whatever the process can.
 *
 * @param port - where; `null` opens nothing
 * @param log - warned that it is open
 */
export function openInspector(port: InspectorPort, log: Logger): void {
  if (port === null) return;
  open(port, "127.0.0.1");
  log.warn({
    event: "inspector.open",
    message: "NREPL_ENABLED: Node's inspector is open on 127.0.0.1",
  });
}
