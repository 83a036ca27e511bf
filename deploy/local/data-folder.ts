import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { SHARED_SECRET, secretOfFile } from "#service-kit/secret-form.js";
import { LocalStackError } from "./errors.js";

/** The folders of one stack's data. */
export interface DataFolder {
  root: string;
  keys: string;
  secrets: string;
  registry: string;
  postgres: string;
  logs: string;
  run: string;
  tools: string;
}

const PRIVATE = 0o700;

/**
 * @param root - folder of the data, made when it is missing
 * @returns its sub-folders, all of them there
 */
export async function openDataFolder(root: string): Promise<DataFolder> {
  const folder: DataFolder = {
    root,
    keys: join(root, "keys"),
    secrets: join(root, "secrets"),
    registry: join(root, "registry"),
    postgres: join(root, "postgres"),
    logs: join(root, "logs"),
    run: join(root, "run"),
    tools: join(root, "tools"),
  };
  await mkdir(root, { recursive: true });
  for (const path of [folder.keys, folder.secrets, folder.registry, folder.logs, folder.run])
    await mkdir(path, { recursive: true, mode: PRIVATE });
  await mkdir(folder.tools, { recursive: true });
  return folder;
}

/**
 * @param folder - where secrets are kept
 * @param name - which one
 * @returns its file and its value, made at the first call and the same ever after
 * @throws LocalStackError when what is in the file protects nothing
 */
export async function keptSecret(
  folder: string,
  name: string,
): Promise<{ file: string; value: string }> {
  const file = join(folder, name);
  if (!existsSync(file)) {
    // Written aside first: half a secret would be kept for ever.
    const draft = `${file}.draft`;
    await writeFile(draft, `${randomBytes(32).toString("hex")}\n`, { mode: 0o600, flush: true });
    await rename(draft, file);
  }
  const { text, fault } = secretOfFile(file, SHARED_SECRET);
  if (fault !== null) throw new LocalStackError(`a secret of the stack is no good: ${fault}`);
  return { file, value: text };
}
