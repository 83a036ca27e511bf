import { randomBytes } from "node:crypto";
import { mkdir, readdir, readFile, unlink } from "node:fs/promises";
import { join } from "node:path";
import {
  generateKeyPem,
  issueCertificate,
  selfSignAuthority,
  type Authority,
} from "./certificates.js";
import { createOnce } from "./create-once.js";
import {
  assembleSigningKey,
  parseCertificates,
  parsePrivateKeys,
  type SigningKey,
} from "./signing-key.js";

/** A key in a folder and the moment from which it signs. */
export interface DatedKey {
  readonly key: SigningKey;
  /** Seconds since the epoch. */
  readonly activeFrom: number;
  /** File name without its ending. */
  readonly name: string;
}

/** Every replica that finds the folder empty makes a key of this name, so that one of them wins. */
const FIRST_KEY = "0000000000-first";
const KEY_FILE = /^(\d{10})-[a-z0-9]+\.key\.pem$/;

/**
 * @param directory - folder for keys, made when missing
 * @returns the authority whose certificate, `ca.cert.pem` in that folder, the registry trusts
 */
export async function openAuthority(directory: string): Promise<Authority> {
  await mkdir(directory, { recursive: true, mode: 0o755 });
  const keyPem = await createOnce(join(directory, "ca.key.pem"), 0o600, generateKeyPem);
  const certificatePem = await createOnce(join(directory, "ca.cert.pem"), 0o644, () =>
    selfSignAuthority(keyPem),
  );
  return { keyPem, certificatePem };
}

/**
 * @param directory - folder for keys
 * @param owner - service whose keys are wanted; they are in a folder of that name
 * @returns the service's keys, oldest first; a first one is made when there is none
 * @throws Error that names the file, when a key or certificate cannot be used
 */
export async function readKeyFolder(directory: string, owner: string): Promise<DatedKey[]> {
  const folder = join(directory, owner);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const names = await keyNames(directory, owner);
  if (names.length === 0) await makeKey(directory, owner, FIRST_KEY);
  const present = names.length === 0 ? [FIRST_KEY] : names;
  const authority = await openAuthority(directory);
  return Promise.all(present.map((name) => readKey(authority, folder, owner, name)));
}

/**
 * Adds a key that is published at once and signs later, when every verifier had time to learn it.
 *
 * @param directory - folder for keys
 * @param owner - service that will sign with it
 * @param activeFrom - seconds since the epoch
 * @returns name of the new key
 */
export async function addKey(
  directory: string,
  owner: string,
  activeFrom: number,
): Promise<string> {
  await mkdir(join(directory, owner), { recursive: true, mode: 0o700 });
  const name = `${String(activeFrom).padStart(10, "0")}-${randomBytes(4).toString("hex")}`;
  await makeKey(directory, owner, name);
  return name;
}

/**
 * Deletes a key that nothing depends on any more.
 *
 * @param directory - folder for keys
 * @param owner - service it belonged to
 * @param name - name of the key
 */
export async function removeKey(directory: string, owner: string, name: string): Promise<void> {
  await unlink(join(directory, owner, `${name}.key.pem`));
  await unlink(join(directory, owner, `${name}.cert.pem`));
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

async function makeKey(directory: string, owner: string, name: string): Promise<void> {
  await createOnce(join(directory, owner, `${name}.key.pem`), 0o600, generateKeyPem);
}

async function readKey(
  authority: Authority,
  folder: string,
  owner: string,
  name: string,
): Promise<DatedKey> {
  const keyPath = join(folder, `${name}.key.pem`);
  const [privateKey] = parsePrivateKeys(await readFile(keyPath, "utf8"), keyPath);
  if (privateKey === undefined) throw new Error(`${keyPath}: holds no key`);
  const certificatePath = join(folder, `${name}.cert.pem`);
  const pem = await createOnce(certificatePath, 0o644, () =>
    issueCertificate(authority, privateKey, owner),
  );
  const chain = parseCertificates(pem, certificatePath);
  const key = await assembleSigningKey(privateKey, chain, certificatePath);
  return { key, activeFrom: Number(name.slice(0, 10)), name };
}
