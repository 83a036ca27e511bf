import { readdir, readFile, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { identityOf, stillRunning } from "./process-identity.js";
import { waitUntil } from "./wait.js";

const SUFFIX = ".pid";
const POLITE_MS = 3_000;

/**
 * @param runFolder - folder of the notes
 * @param name - service
 * @param pid - its process
 */
export async function noteProcess(runFolder: string, name: string, pid: number): Promise<void> {
  await writeFile(join(runFolder, `${name}${SUFFIX}`), `${(await identityOf(pid)) ?? ""}\n`);
}

/**
 * @param runFolder - folder of the notes
 * @returns process ids by service, of those that run at the moment
 */
export async function notedProcesses(runFolder: string): Promise<Map<string, number>> {
  const processes = new Map<string, number>();
  for (const file of await readdir(runFolder)) {
    if (!file.endsWith(SUFFIX)) continue;
    const pid = await stillRunning(await readFile(join(runFolder, file), "utf8"));
    if (pid !== null) processes.set(file.slice(0, -SUFFIX.length), pid);
  }
  return processes;
}

/**
 * Ends what a supervisor left that was itself killed and whose children did not notice.
 *
 * @param runFolder - folder of the notes
 * @returns names of the services that were still running
 */
export async function endLeftovers(runFolder: string): Promise<string[]> {
  const leftovers = await notedProcesses(runFolder);
  for (const [name, pid] of leftovers) {
    // SIGINT: for Postgres the fast shutdown, which does not wait for its clients.
    trySignal(pid, "SIGINT");
    if (!(await hasEnded(pid, POLITE_MS))) trySignal(pid, "SIGKILL");
    await hasEnded(pid, POLITE_MS);
    await unlink(join(runFolder, `${name}${SUFFIX}`));
  }
  return [...leftovers.keys()];
}

async function hasEnded(pid: number, withinMs: number): Promise<boolean> {
  return waitUntil(async () => (await identityOf(pid)) === null, { withinMs, everyMs: 20 });
}

function trySignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended by itself in the meantime.
  }
}
