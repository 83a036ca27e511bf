import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";

/**
 * Names one process for ever: a process id alone is given to another program sooner or later.
 *
 * @param pid - a process id
 * @returns process id, start time and boot of the machine, or `null` when there is no such process
 */
export async function identityOf(pid: number): Promise<string | null> {
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => null);
  if (stat === null) return null;
  // The second field is the program's name in parentheses and may itself hold blanks and parentheses.
  const [state, ...fields] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (state === "Z") return null;
  const startTime = fields[18] ?? "";
  return `${pid} ${startTime} ${bootId()}`;
}

/**
 * @param identity - what `identityOf` gave earlier
 * @returns the process id when that very process still runs, else `null`
 */
export async function stillRunning(identity: string): Promise<number | null> {
  const pid = Number(identity.split(" ")[0]);
  if (!Number.isSafeInteger(pid) || pid <= 1) return null;
  return (await identityOf(pid)) === identity.trim() ? pid : null;
}

function bootId(): string {
  return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}
