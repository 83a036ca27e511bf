import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Settings } from "./settings.ts";

/** A file that both services see below /config. */
export interface OperatorFile {
  readonly name: string;
  readonly text: string;
}

/** ECS takes 64 KiB for all of a task's definition. */
const MOST_CHARACTERS = 40_000;

/**
 * @param settings - which files
 * @param folder - where their paths begin
 * @returns the files with what is in them
 * @throws Error when one cannot be read or is empty, or all are too long
 */
export function readOperatorFiles({ files }: Settings, folder: string): OperatorFile[] {
  const read = Object.entries(files).map(([name, path]) => ({
    name,
    text: readFileSync(resolve(folder, path), "utf8"),
  }));
  const empty = read.find(({ text }) => text === "");
  if (empty !== undefined) throw new Error(`files: ${empty.name} is empty`);
  const length = read.reduce((sum, { text }) => sum + text.length, 0);
  if (length > MOST_CHARACTERS)
    throw new Error(`files: ${length} characters, wanted at most ${MOST_CHARACTERS}`);
  return read;
}
