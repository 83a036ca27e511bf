import { randomBytes, X509Certificate } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { generateKeyPem, selfSignAuthority, type Authority } from "./certificates.js";
import { createOnce } from "./create-once.js";
import { activeKey } from "./key-schedule.js";

/** An authority in a folder. */
export interface DatedAuthority {
  /** File name without its ending. */
  readonly name: string;
  /** Seconds since the epoch from which on it certifies. */
  readonly activeFrom: number;
  readonly certificatePem: string;
}

/** Whoever finds the folder empty makes an authority of this name, so that one of them wins. */
const FIRST = "0000000000-first";
const CERTIFICATE_FILE = /^(\d{10}-[a-z0-9]+)\.cert\.pem$/;
const LIFETIME_SECONDS = 2 * 365 * 86_400;

/**
 * @param folder - folder of the authorities
 * @returns those in it, oldest first
 */
export async function readAuthorities(folder: string): Promise<DatedAuthority[]> {
  const files = await readdir(folder).catch(() => []);
  const names = files.flatMap((file) => CERTIFICATE_FILE.exec(file)?.[1] ?? []).sort();
  return Promise.all(
    names.map(async (name) => ({
      name,
      activeFrom: Number(name.slice(0, 10)),
      certificatePem: await readFile(join(folder, `${name}.cert.pem`), "utf8"),
    })),
  );
}

/**
 * @param folder - folder of the authorities, made when missing
 * @param now - seconds since the epoch
 * @returns the authority that certifies now; the first one is made when there is none
 * @throws Error that names the file, when the authority's key is not there
 */
export async function openAuthority(folder: string, now: number): Promise<Authority> {
  if ((await readAuthorities(folder)).length === 0) await makeAuthority(folder, FIRST, now);
  const { name, certificatePem } = activeKey(await readAuthorities(folder), now);
  const file = join(folder, `${name}.key.pem`);
  const keyPem = await readFile(file, "utf8").catch(() => {
    throw new Error(`${file} cannot be read: the authority's key has to be there to certify`);
  });
  return { keyPem, certificatePem };
}

/**
 * Adds an authority, which certifies later: until then everybody has to learn to trust it.
 *
 * @param folder - folder of the authorities
 * @param activeFrom - seconds since the epoch
 * @param now - seconds since the epoch
 * @returns name of the new one
 */
export async function addAuthority(
  folder: string,
  activeFrom: number,
  now: number,
): Promise<string> {
  const name = `${String(activeFrom).padStart(10, "0")}-${randomBytes(4).toString("hex")}`;
  await makeAuthority(folder, name, now);
  return name;
}

/**
 * @param folder - folder of the authorities
 * @param name - the one to forget, key and certificate
 */
export async function removeAuthority(folder: string, name: string): Promise<void> {
  await rm(join(folder, `${name}.key.pem`), { force: true });
  await rm(join(folder, `${name}.cert.pem`), { force: true });
}

/** @returns when a certificate ends, in seconds since the epoch */
export function endOf(certificatePem: string): number {
  return Math.floor(Date.parse(new X509Certificate(certificatePem).validTo) / 1000);
}

async function makeAuthority(folder: string, name: string, now: number): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const keyPem = await createOnce(join(folder, `${name}.key.pem`), 0o600, generateKeyPem);
  await createOnce(join(folder, `${name}.cert.pem`), 0o644, () =>
    selfSignAuthority(keyPem, { from: now, to: now + LIFETIME_SECONDS }),
  );
}
