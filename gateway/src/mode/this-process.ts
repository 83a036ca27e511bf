import { readFileSync, readlinkSync } from "node:fs";

/** Field of `/proc/<pid>/stat` behind the command's closing parenthesis that holds the start of the process; proc(5). */
const START_FIELD = 19;

/**
 * A process id alone is given anew after a while, and means something else on each machine and in each container.
 *
 * @param pid - id of a process
 * @returns boot of the machine, process name space, process id and its start; `null` when there is no such process, or
 *   no Linux to tell it
 */
export function processMark(pid: number = process.pid): string | null {
  const place = placeOf();
  const start = startOf(pid);
  return place === null || start === null ? null : `${place}/${pid}/${start}`;
}

/**
 * @param mark - what {@link processMark} said in another process
 * @returns whether that process has certainly ended; `false` when it ran elsewhere
 */
export function hasEnded(mark: string): boolean {
  const place = placeOf();
  if (place === null || !mark.startsWith(`${place}/`)) return false;
  const [pid, start] = mark.slice(place.length + 1).split("/");
  return startOf(Number(pid)) !== start;
}

function placeOf(): string | null {
  try {
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    return `${boot}/${readlinkSync("/proc/self/ns/pid")}`;
  } catch {
    return null;
  }
}

/** One that has ended and was not waited for by its parent writes nothing any more. */
function startOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? null : (fields[START_FIELD] ?? null);
  } catch {
    return null;
  }
}
