import { readdirSync, readFileSync } from "node:fs";

/**
 * @param text - something that only the processes in question have in their command line
 * @returns command lines of those that run
 */
export function processesWith(text: string): string[] {
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry) && entry !== String(process.pid))
    .map((pid) => commandLineOf(pid))
    .filter((line) => line.includes(text));
}

/** Of a process that just ended there is none. */
function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}
