import { randomUUID } from "node:crypto";
import { link, readFile, unlink, writeFile } from "node:fs/promises";

/**
 * Makes a file that several processes may want to make at the same moment: one content wins, all see it.
 *
 * @param path - the file
 * @param mode - permission bits of a new file
 * @param make - makes the content; called only when the file is missing
 * @returns what is in the file, whoever wrote it
 */
export async function createOnce(
  path: string,
  mode: number,
  make: () => Promise<string>,
): Promise<string> {
  const existing = await readIfPresent(path);
  if (existing !== null) return existing;
  const draft = `${path}.${randomUUID()}`;
  await writeFile(draft, await make(), { mode, flag: "wx", flush: true });
  try {
    await link(draft, path);
  } catch (error) {
    if (!hasCode(error, "EEXIST")) throw error;
  } finally {
    await unlink(draft);
  }
  return readFile(path, "utf8");
}

async function readIfPresent(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (hasCode(error, "ENOENT")) return null;
    throw error;
  }
}

function hasCode(error: unknown, code: string): boolean {
  return typeof error === "object" && error !== null && "code" in error && error.code === code;
}
