import { rename, writeFile } from "node:fs/promises";

/**
 * A name that is rewritten whole, as every careful tool does: nobody reads half of it.
 *
 * @param file - its path
 * @param text - what it holds from now on
 */
export async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
