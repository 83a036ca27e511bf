import { randomBytes } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createOnce } from "#service-kit/signing/create-once.js";

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
 */
export async function keptSecret(
  folder: string,
  name: string,
): Promise<{ file: string; value: string }> {
  const file = join(folder, name);
  const make = () => Promise.resolve(`${randomBytes(32).toString("hex")}\n`);
  return { file, value: (await createOnce(file, 0o600, make)).trim() };
}
