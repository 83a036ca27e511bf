import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A migration of this version. */
export interface MigrationFile {
  /** Of the file, without its ending. */
  readonly name: string;
  readonly sha256: string;
  /** Name of a migration that whoever works on the schema from here on has to know; `null`: they need not know this one. */
  readonly needs: string | null;
}

/** First line of a migration that versions from before another one cannot work with. */
const NEEDS = /^-- needs: (\d{6}_\w+)$/m;

/**
 * @param directory - folder of migrations
 * @returns the migrations, in the order of their names
 */
export async function readMigrationFiles(directory: string): Promise<readonly MigrationFile[]> {
  const files = (await readdir(directory)).filter((file) => file.endsWith(".sql")).sort();
  return Promise.all(
    files.map(async (file) => {
      const content = await readFile(join(directory, file));
      return {
        name: file.slice(0, -".sql".length),
        sha256: createHash("sha256").update(content).digest("hex"),
        needs: NEEDS.exec(content.toString().split("\n", 1)[0] ?? "")?.[1] ?? null,
      };
    }),
  );
}
