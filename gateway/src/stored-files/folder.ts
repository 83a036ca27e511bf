import type { Dirent } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Skipped, StoredFiles } from "./stored-files.js";

/**
 * @param root - path of a folder
 * @returns the files in it and below
 */
export function filesOfFolder(root: string): StoredFiles {
  return {
    name: root,
    list: (folder, skipped, signal) => walk(root, folder, { skipped, signal }),
    size: async (path) =>
      unlessAbsent(async () => {
        const found = await stat(join(root, path));
        return found.isFile() ? found.size : null;
      }),
    open: (path, signal) =>
      unlessAbsent(async () => {
        const file = await open(join(root, path));
        const found = await file.stat();
        if (found.isFile()) return { size: found.size, body: file.createReadStream({ signal }) };
        await file.close();
        return null;
      }),
  };
}

/** Folder by folder, and no more in memory than one of them at each depth. */
async function* walk(
  root: string,
  folder: string,
  options: { readonly skipped: Skipped; readonly signal: AbortSignal },
): AsyncGenerator<string[]> {
  options.signal.throwIfAborted();
  const entries = (await unlessAbsent(() => entriesOf(join(root, folder)))) ?? [];
  const pathOf = ({ name }: Dirent) => (folder === "" ? name : `${folder}/${name}`);
  const files = entries.filter((entry) => entry.isFile()).map(pathOf);
  if (files.length > 0) yield files;
  for (const entry of entries)
    if (entry.isDirectory() && !options.skipped(pathOf(entry)))
      yield* walk(root, pathOf(entry), options);
}

function entriesOf(path: string): Promise<Dirent[]> {
  return readdir(path, { withFileTypes: true });
}

async function unlessAbsent<T>(look: () => Promise<T>): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // What stands where a folder should be has nothing below it.
    if (code === "ENOENT" || code === "ENOTDIR") return null;
    throw error;
  }
}
