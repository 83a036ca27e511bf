import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Folder of this clone; the same whether the sources run or what was compiled from them. */
export const REPOSITORY_ROOT = findRoot(dirname(fileURLToPath(import.meta.url)));

/** Files compiled from this clone. */
export const DIST = join(REPOSITORY_ROOT, "dist");

function findRoot(folder: string): string {
  if (existsSync(join(folder, "package.json"))) return folder;
  return findRoot(dirname(folder));
}
