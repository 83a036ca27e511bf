import { availableParallelism } from "node:os";
import type { EnvReader } from "#service-kit/config.js";

const MOST = 64;
const WANTED = `a whole number from 1 to ${MOST}, or auto`;

/**
 * @param read - reader that collects faults
 * @returns how many processes share the gateway's ports
 */
export function readProcesses(read: EnvReader): number {
  const given = read.text("GATEWAY_PROCESSES", "1", {
    meaning:
      "processes that share the gateway's ports, `auto` for one on each core; limits, memory and connections to the database are of each " +
      "of them (docs/scaling.md)",
    wanted: WANTED,
  });
  if (given === "auto") return Math.min(availableParallelism(), MOST);
  const count = Number(given);
  if (/^\d{1,2}$/.test(given) && count >= 1 && count <= MOST) return count;
  read.fault("GATEWAY_PROCESSES", `given "${given}", wanted ${WANTED}`);
  return 1;
}
