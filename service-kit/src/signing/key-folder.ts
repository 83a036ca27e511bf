import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { generateKeyPem } from "./certificates.js";
import { createOnce } from "./create-once.js";
import { endOfChain } from "./key-end.js";
import { isReadableByOthers } from "./key-mode.js";
import {
  assembleSigningKey,
  parseCertificates,
  parsePrivateKeys,
  type SigningKey,
} from "./signing-key.js";

/** A key in a folder and the moments between which it signs. */
export interface DatedKey {
  readonly key: SigningKey;
  /** Seconds since the epoch. */
  readonly activeFrom: number;
  /** End of its certificate, in seconds since the epoch; `null`: it needs none. */
  readonly endsAt: number | null;
  /** File name without its ending. */
  readonly name: string;
}

/** Which keys are meant. */
export interface KeyFolder {
  /** Folder of all services' keys, or of this service's alone. */
  readonly directory: string;
  /** Service whose keys are wanted; they are in a folder of that name. */
  readonly owner: string;
  /** Whether others trust its keys by their certificates, which an operator's command has to issue. */
  readonly certified: boolean;
  /** Whether no first key is made; absent: one is. */
  readonly isOnlyLookedAt?: boolean;
}

/**
 * @param folder - one that should hold keys with certificates
 * @returns what is told when it holds none
 */
export function noKeyFault({ directory, owner }: Pick<KeyFolder, "directory" | "owner">): string {
  return (
    `${join(directory, owner)} holds no key: the operator makes them, with the certificate that the ` +
    `registry trusts: npm run keys -- renew --dir ${directory} (docs/keys.md)`
  );
}

/** Every replica that finds the folder empty makes a key of this name, so that one of them wins. */
const FIRST_KEY = "0000000000-first";
const KEY_FILE = /^(\d{10})-[a-z0-9]+\.key\.pem$/;

/**
 * @param folder - whose keys are wanted
 * @returns the service's keys, oldest first; without certificates a first one is made when there is none
 * @throws Error that names the file, when a key or certificate is missing or cannot be used
 */
export async function readKeyFolder(folder: KeyFolder): Promise<DatedKey[]> {
  const { directory, owner, certified } = folder;
  let names = await keyNames(directory, owner);
  if (names.length === 0 && certified) throw new Error(noKeyFault(folder));
  if (names.length === 0 && folder.isOnlyLookedAt === true) return [];
  if (names.length === 0) {
    await mkdir(join(directory, owner), { recursive: true, mode: 0o700 });
    await makeKey(directory, owner, FIRST_KEY);
    names = [FIRST_KEY];
  }
  return Promise.all(names.map((name) => readKey(folder, name)));
}

/**
 * Adds a key that is published at once and signs later, when every verifier had time to learn it.
 *
 * @param directory - folder for keys
 * @param owner - service that will sign with it, and whose keys need no certificates
 * @param activeFrom - seconds since the epoch
 * @returns name of the new key
 */
export async function addKey(
  directory: string,
  owner: string,
  activeFrom: number,
): Promise<string> {
  await mkdir(join(directory, owner), { recursive: true, mode: 0o700 });
  const name = newKeyName(activeFrom);
  await makeKey(directory, owner, name);
  return name;
}

/**
 * @param activeFrom - seconds since the epoch
 * @returns a new name for a key that signs from then on
 */
export function newKeyName(activeFrom: number): string {
  return `${String(activeFrom).padStart(10, "0")}-${randomBytes(4).toString("hex")}`;
}

/**
 * Deletes a key that nothing depends on any more.
 *
 * @param directory - folder for keys
 * @param owner - service it belonged to
 * @param name - name of the key
 */
export async function removeKey(directory: string, owner: string, name: string): Promise<void> {
  await rm(join(directory, owner, `${name}.key.pem`), { force: true });
  await rm(join(directory, owner, `${name}.cert.pem`), { force: true });
}

/**
 * @param directory - folder for keys
 * @param owner - service whose keys are wanted
 * @returns names of the keys in the folder, oldest first
 */
export async function keyNames(directory: string, owner: string): Promise<string[]> {
  const folder = join(directory, owner);
  const files = await readdir(folder).catch(() => []);
  return files
    .filter((file) => KEY_FILE.test(file))
    .map((file) => file.replace(/\.key\.pem$/, ""))
    .sort();
}

/**
 * @param directory - folder for keys
 * @param owner - service whose keys are wanted
 * @returns files of keys that others than their owner can read
 */
export async function keysReadableByOthers(directory: string, owner: string): Promise<string[]> {
  const files = (await keyNames(directory, owner)).map((name) =>
    join(directory, owner, `${name}.key.pem`),
  );
  const open = await Promise.all(files.map(async (file) => isReadableByOthers(await stat(file))));
  return files.filter((_, index) => open[index]);
}

async function makeKey(directory: string, owner: string, name: string): Promise<void> {
  await createOnce(join(directory, owner, `${name}.key.pem`), 0o600, generateKeyPem);
}

async function readKey(
  { directory, owner, certified }: KeyFolder,
  name: string,
): Promise<DatedKey> {
  const keyPath = join(directory, owner, `${name}.key.pem`);
  const [privateKey] = parsePrivateKeys(await readFile(keyPath, "utf8"), keyPath);
  if (privateKey === undefined) throw new Error(`${keyPath}: holds no key`);
  const activeFrom = Number(name.slice(0, 10));
  if (!certified)
    return { key: await assembleSigningKey(privateKey, null, keyPath), activeFrom, endsAt: null, name }; // prettier-ignore
  const path = join(directory, owner, `${name}.cert.pem`);
  const chain = parseCertificates(await readFile(path, "utf8"), path);
  const key = await assembleSigningKey(privateKey, chain, path);
  return { key, activeFrom, endsAt: endOfChain(chain), name };
}
