import { randomBytes } from "node:crypto";
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { CommandFault } from "../exit/faults.js";

/**
 * @param file - a file with JSON
 * @returns what it says; `null` when there is no such file
 * @throws CommandFault when it cannot be read, or is no JSON
 */
export function readJsonFile(file: string): unknown {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw new CommandFault(`cannot read ${file}: ${messageOf(error)}`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // The parser's message would show what stands there, which may be a secret.
    throw new CommandFault(`${file} is no JSON: mend or remove it`);
  }
}

/**
 * Writes a file that its owner alone may read (0600), whole or not at all: a reader sees the old one or the new one. A
 * link stays a link.
 *
 * @param file - where
 * @param value - written as JSON
 * @throws CommandFault when it cannot be written
 */
export function writePrivateJson(file: string, value: unknown): void {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const target = isThere(file) ? realpathSync(file) : file;
    const part = `${target}.${randomBytes(6).toString("hex")}`;
    writeFileSync(part, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    chmodSync(part, 0o600);
    renameSync(part, target);
  } catch (error) {
    throw new CommandFault(`cannot write ${file}: ${messageOf(error)}`);
  }
}

function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : "failed";
}
