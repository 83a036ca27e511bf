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

/**
 * Sends a signal to a process and to all that it started, itself first: it starts nothing more then.
 *
 * @param pid - the process
 * @param signal - which
 */
export function signalTree(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
    for (const child of childrenOf(pid)) signalTree(child, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}

/**
 * @param pid - a process
 * @returns those that it has started and that run
 */
export function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.flatMap((thread) => {
    const text = readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim();
    return text === "" ? [] : text.split(" ").map(Number);
  });
}

/** Of a process that just ended there is none. */
function commandLineOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}
