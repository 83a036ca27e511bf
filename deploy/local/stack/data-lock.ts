import { createHash } from "node:crypto";
import { readFile, realpath, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { hasCode, LocalStackError } from "../errors.js";

/**
 * Makes sure that no two stacks use one data folder. The lock is a socket name that lives in the
 * kernel alone: however this process dies, the lock is gone with it.
 *
 * @param root - the data folder
 * @returns function that gives the folder free
 * @throws LocalStackError when another stack runs on the folder
 */
export async function lockDataFolder(root: string): Promise<() => void> {
  const server = createServer((socket) => socket.destroy());
  const name = createHash("sha256")
    .update(await realpath(root))
    .digest("hex")
    .slice(0, 32);
  const holderFile = join(root, "run", "supervisor.lock");
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(`\0wharfinger-data-${name}`, resolve);
    });
  } catch (error) {
    if (!hasCode(error, "EADDRINUSE")) throw error;
    const holder = await readFile(holderFile, "utf8").catch(() => "unknown");
    throw new LocalStackError(
      `a stack already runs on ${root} (process ${holder.trim()}): stop it, or set DATA_DIR to another folder`,
    );
  }
  server.unref();
  await writeFile(holderFile, `${process.pid}\n`);
  return () => server.close();
}
