import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { DataFolder } from "../data-folder.js";
import { LocalStackError } from "../errors.js";
import { notedProcesses } from "../processes/pid-files.js";
import { waitUntil } from "../processes/wait.js";

const BACK_MS = 60_000;

/**
 * Ends the registry of a stack that runs, whose supervisor starts it again.
 *
 * @param folder - data of the stack
 * @param say - told when it is back
 * @throws LocalStackError when it does not come back within a minute
 */
export async function restartRegistry(
  folder: DataFolder,
  say: (line: string) => void,
): Promise<void> {
  const text = await readFile(join(folder.run, "stack.json"), "utf8");
  const { registry } = JSON.parse(text) as { registry: string };
  const pidOf = async () => (await notedProcesses(folder.run)).get("registry") ?? null;
  const before = await pidOf();
  if (before !== null) process.kill(before, "SIGTERM");
  const isBack = await waitUntil(
    async () => {
      const pid = await pidOf();
      // 401 is the healthy answer: it is up and asks for a token.
      return pid !== null && pid !== before && (await fetch(`${registry}/v2/`)).status === 401;
    },
    { withinMs: BACK_MS },
  );
  if (!isBack) throw new LocalStackError("the registry did not come back after its restart");
  say("the registry was restarted, so that it remembers nothing of what has gone");
}
