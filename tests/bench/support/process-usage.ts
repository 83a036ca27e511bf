import { readFile, writeFile } from "node:fs/promises";

/** Watches what one process uses (Linux). */
export interface ProcessWatch {
  /** @returns processor time used so far, in seconds; the peak of memory counts from now on */
  begin(): Promise<number>;
  /** @returns what was used since `begin` */
  end(before: number): Promise<{ readonly cpuSeconds: number; readonly peakMebibytes: number }>;
}

const TICKS_A_SECOND = 100;

/**
 * @param pid - a process of this user
 * @returns what watches it
 */
export function watchProcess(pid: number): ProcessWatch {
  return {
    begin: async () => {
      // proc(5): 5 resets the peak resident set size.
      await writeFile(`/proc/${pid}/clear_refs`, "5");
      return cpuSecondsIn(await readFile(`/proc/${pid}/stat`, "utf8"));
    },
    end: async (before) => ({
      cpuSeconds: cpuSecondsIn(await readFile(`/proc/${pid}/stat`, "utf8")) - before,
      peakMebibytes: peakIn(await readFile(`/proc/${pid}/status`, "utf8")),
    }),
  };
}

/**
 * @param stat - text of `/proc/<pid>/stat`
 * @returns seconds of processor time, in the kernel and outside, of all threads
 */
export function cpuSecondsIn(stat: string): number {
  // The program's name, in brackets, may hold anything.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const [user, system] = [fields[11], fields[12]].map(Number);
  return ((user ?? NaN) + (system ?? NaN)) / TICKS_A_SECOND;
}

/**
 * @param status - text of `/proc/<pid>/status`
 * @returns the peak of memory in MiB
 */
export function peakIn(status: string): number {
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? NaN) / 1024;
}
