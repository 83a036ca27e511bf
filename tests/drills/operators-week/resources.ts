import { readdir, readFile } from "node:fs/promises";

/** What a process has at one moment. */
export interface Usage {
  readonly residentMiB: number;
  readonly handles: number;
  /** Processor time since its start, in seconds. */
  readonly cpuSeconds: number;
}

/** `USER_HZ`, which Linux fixes for what it shows. */
const TICKS = 100;

/**
 * @param pid - a process
 * @returns what it has; `null` when it has ended
 */
async function usageOf(pid: number): Promise<Usage | null> {
  try {
    const [status, stat, handles] = await Promise.all([
      readFile(`/proc/${pid}/status`, "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
      readdir(`/proc/${pid}/fd`),
    ]);
    const kib = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    // What follows the name, which may hold blanks: utime and stime are the 12th and 13th.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / TICKS;
    return { residentMiB: Math.round(kib / 1_024), handles: handles.length, cpuSeconds };
  } catch {
    return null;
  }
}

/** Processes by name. */
export type Pids = () => Promise<ReadonlyMap<string, number>>;

/**
 * Watches processes for a while.
 *
 * @param pids - says which process has which name at present
 * @param until - the end of the while
 * @returns a line for each: its largest memory and number of handles, and its share of a core while it was the same
 */
export async function measure(pids: Pids, until: Promise<unknown>): Promise<string[]> {
  const seen = new Map<string, Measured>();
  const over = new AbortController();
  void until.finally(() => {
    over.abort();
  });
  while (!over.signal.aborted) {
    for (const [name, pid] of await pids()) {
      const usage = await usageOf(pid);
      if (usage !== null) note(seen, name, pid, usage);
    }
    await Promise.race([until, new Promise((resolve) => setTimeout(resolve, 1_000))]);
  }
  return [...seen].map(([name, { residentMiB, handles, cpu, seconds }]) => {
    const share = seconds === 0 ? 0 : (100 * cpu) / seconds;
    return `${name}: ${residentMiB} MiB, ${handles} handles, ${share.toFixed(1)} % of a core`;
  });
}

interface Measured {
  residentMiB: number;
  handles: number;
  cpu: number;
  seconds: number;
  last: { readonly pid: number; readonly cpuSeconds: number; readonly at: number };
}

function note(seen: Map<string, Measured>, name: string, pid: number, usage: Usage): void {
  const last = { pid, cpuSeconds: usage.cpuSeconds, at: performance.now() };
  const before = seen.get(name);
  if (before === undefined) {
    seen.set(name, { residentMiB: 0, handles: 0, cpu: 0, seconds: 0, last });
  } else if (before.last.pid === pid) {
    before.cpu += usage.cpuSeconds - before.last.cpuSeconds;
    before.seconds += (last.at - before.last.at) / 1_000;
  }
  const entry = seen.get(name);
  if (entry === undefined) return;
  entry.residentMiB = Math.max(entry.residentMiB, usage.residentMiB);
  entry.handles = Math.max(entry.handles, usage.handles);
  entry.last = last;
}
