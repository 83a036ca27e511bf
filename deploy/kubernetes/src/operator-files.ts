import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { SettingsError, type Settings } from "./settings.ts";

/** Name of the ConfigMap that both services see as /config. */
export const OPERATOR_FILES = "wharfinger-files";

/** A ConfigMap takes a MiB with all of its names. */
const MOST_CHARACTERS = 900_000;

/**
 * @param settings - which files
 * @param folder - where their paths begin
 * @returns what is in them, by name
 * @throws SettingsError when one cannot be read or is empty, or all are too long
 */
export function readOperatorFiles({ files }: Settings, folder: string): Record<string, string> {
  const read = Object.entries(files).map(([name, path]) => [name, textOf(resolve(folder, path))]);
  const length = read.reduce((sum, [, text = ""]) => sum + text.length, 0);
  if (length > MOST_CHARACTERS)
    throw new SettingsError(`files: ${length} characters, wanted at most ${MOST_CHARACTERS}`);
  return Object.fromEntries(read) as Record<string, string>;
}

function textOf(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new SettingsError(`files: ${path} cannot be read: ${(error as Error).message}`);
  }
  if (text === "") throw new SettingsError(`files: ${path} is empty`);
  return text;
}
