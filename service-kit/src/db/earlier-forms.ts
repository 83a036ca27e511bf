import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";

/** Beside migrations: files named like them, for those that were edited after databases had been made with them. */
const FOLDER = "earlier-forms";

/**
 * A migration is known by its name alone to a database that was made before its content was recorded. What an earlier form
 * of it left is brought to what it makes today, before migrations that build on that. Changes nothing of a database that
 * has today's form.
 *
 * @param client - connection of the schema's owner
 * @param directory - folder of the migrations
 * @param applied - names of migrations that the database has, in a form that is not recorded
 * @throws whatever Postgres says; then nothing of the file is done
 */
export async function amendEarlierForms(
  client: Pick<pg.ClientBase, "query">,
  directory: string,
  applied: readonly string[],
): Promise<void> {
  const folder = join(directory, FOLDER);
  const files = existsSync(folder) ? (await readdir(folder)).sort() : [];
  for (const file of files.filter((one) => applied.includes(one.replace(/\.sql$/, ""))))
    // Without parameters it is one transaction.
    await client.query(await readFile(join(folder, file), "utf8"));
}
