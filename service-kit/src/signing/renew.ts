import { createPrivateKey, X509Certificate } from "node:crypto";
import { chown, mkdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import {
  addAuthority,
  endOf,
  openAuthority,
  readAuthorities,
  removeAuthority,
  type DatedAuthority,
} from "./authority-folder.js";
import { generateKeyPem, issueCertificate } from "./certificates.js";
import { createOnce } from "./create-once.js";
import { keyNames, newKeyName, removeKey } from "./key-folder.js";
import { activeKey } from "./key-schedule.js";
import { CERTIFIED_OWNER, type OperatorFolders } from "./operator-folders.js";
import { writeTrust } from "./trust-folder.js";

/** How keys follow each other. */
export interface Renewal {
  /** How long a key signs, in seconds. */
  readonly lifetimeSeconds: number;
  /** How many keys are made before their time, so that the authority's key can be away so much longer. */
  readonly ahead: number;
}

/** A key of the gateway, as its file names and its certificate tell. */
interface Leaf {
  readonly name: string;
  readonly activeFrom: number;
  readonly endsAt: number;
}

/** What was changed. */
export interface Renewed {
  readonly made: readonly string[];
  readonly removed: readonly string[];
  /** When the last key ends, in seconds since the epoch: before that the command has to be run again. */
  readonly coveredUntil: number;
  /** When the authority ends, in seconds since the epoch: long before that another one has to be added. */
  readonly authorityEndsAt: number;
}

/** How long a certificate outlives the begin of the next key's time. */
const OVERLAP_SECONDS = 86_400;
/** Longest life of a token that the gateway signed, with leeway. */
const RETAIN_SECONDS = 600;

/**
 * Sees to it that the gateway has a key now and the next ones in time, and forgets those that nothing depends on.
 * Run again, it changes nothing that needs no change.
 *
 * @param folders - the operator's
 * @param renewal - how keys follow each other
 * @param now - seconds since the epoch
 * @returns what was changed
 * @throws Error that names the file, when the authority's key is needed and not there
 */
export async function renewKeys(
  folders: OperatorFolders,
  renewal: Renewal,
  now: number,
): Promise<Renewed> {
  const removed = await removeEnded(folders, now);
  const made: string[] = [];
  for (;;) {
    const leaves = await readLeaves(folders.keys);
    const next = nextBegin(leaves, renewal, now);
    if (next === null) break;
    made.push(await issueKey(folders, next, renewal.lifetimeSeconds, now));
  }
  await openAuthorityUnlessThere(folders, now);
  const authorities = await retireAuthorities(folders, now);
  const ends = (await readLeaves(folders.keys)).map(({ endsAt }) => endsAt);
  const authorityEndsAt = Math.max(...authorities.map((one) => endOf(one.certificatePem)));
  return { made, removed, coveredUntil: Math.max(...ends), authorityEndsAt };
}

/**
 * Adds a key of the gateway with a certificate. The gateway takes it up while it runs.
 *
 * @param folders - the operator's
 * @param activeFrom - from when it signs, in seconds since the epoch
 * @param lifetimeSeconds - how long it signs
 * @param now - seconds since the epoch
 * @returns name of the key
 * @throws Error when the authority ends before the key signs, or its key is not there
 */
export async function issueKey(
  folders: OperatorFolders,
  activeFrom: number,
  lifetimeSeconds: number,
  now: number,
): Promise<string> {
  const authority = await openAuthority(folders.authority, now);
  // A certificate that outlives its authority is trusted by nobody, and does not tell its end.
  const authorityEndsAt = endOf(authority.certificatePem);
  if (activeFrom >= authorityEndsAt)
    throw new Error(
      `${folders.authority}: the authority ends before the key signs: npm run keys -- authority`,
    );
  await trustAuthorities(folders);
  const folder = join(folders.keys, CERTIFIED_OWNER);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const name = newKeyName(activeFrom);
  const keyPem = await generateKeyPem();
  const to = Math.min(activeFrom + lifetimeSeconds + OVERLAP_SECONDS, authorityEndsAt);
  const validity = { from: activeFrom, to };
  const key = createPrivateKey(keyPem);
  // The certificate first: whoever sees the key finds it.
  await createOnce(join(folder, `${name}.cert.pem`), 0o644, () =>
    issueCertificate(authority, key, CERTIFIED_OWNER, validity),
  );
  await createOnce(join(folder, `${name}.key.pem`), 0o600, () => Promise.resolve(keyPem));
  await giveToOwnerOf(folder, [`${name}.cert.pem`, `${name}.key.pem`]);
  return name;
}

/**
 * Begins to replace the authority. Until it certifies, every registry has to be started anew with the new bundle.
 *
 * @param folders - the operator's
 * @param activeFrom - from when it certifies, in seconds since the epoch
 * @param now - seconds since the epoch
 */
export async function renewAuthority(
  folders: OperatorFolders,
  activeFrom: number,
  now: number,
): Promise<void> {
  await addAuthority(folders.authority, activeFrom, now);
  await trustAuthorities(folders);
}

/**
 * Replaces an authority that ends soon, for whoever starts the registry anew afterwards.
 *
 * @param folders - the operator's
 * @param leftSeconds - how long the authority has to go on at least
 * @param now - seconds since the epoch
 * @returns whether another one certifies from now on
 */
export async function renewAuthorityInTime(
  folders: OperatorFolders,
  leftSeconds: number,
  now: number,
): Promise<boolean> {
  const authorities = await readAuthorities(folders.authority);
  if (authorities.length === 0) return false;
  const endsAt = Math.max(...authorities.map(({ certificatePem }) => endOf(certificatePem)));
  if (endsAt - now >= leftSeconds) return false;
  await renewAuthority(folders, now, now);
  return true;
}

/**
 * Withdraws every key the gateway ever had: what an authority certified is trusted to its end, so the authority goes
 * with them. The registry trusts the old ones until it is started anew.
 *
 * @param folders - the operator's
 * @param renewal - how the new keys follow each other
 * @param now - seconds since the epoch
 * @returns what was changed
 */
export async function withdrawGatewayKeys(
  folders: OperatorFolders,
  renewal: Renewal,
  now: number,
): Promise<Renewed> {
  const before = await keyNames(folders.keys, CERTIFIED_OWNER);
  const authorities = await readAuthorities(folders.authority);
  await addAuthority(folders.authority, now, now);
  for (const { name } of authorities) await removeAuthority(folders.authority, name);
  await trustAuthorities(folders);
  for (const name of before) await removeKey(folders.keys, CERTIFIED_OWNER, name);
  const renewed = await renewKeys(folders, renewal, now);
  return { ...renewed, removed: [...before, ...renewed.removed] };
}

/** Begin of the next key that is missing, or `null`. */
function nextBegin(leaves: readonly Leaf[], { ahead }: Renewal, now: number): number | null {
  const last = leaves.at(-1);
  if (last === undefined || last.endsAt <= now) return now;
  const waiting = leaves.filter(({ activeFrom }) => activeFrom > now).length;
  const next = Math.max(now, last.endsAt - OVERLAP_SECONDS);
  // The last one ends with its authority: there is none to come before that is replaced.
  return waiting < ahead && next > last.activeFrom ? next : null;
}

async function readLeaves(keys: string): Promise<Leaf[]> {
  const names = await keyNames(keys, CERTIFIED_OWNER);
  return Promise.all(
    names.map(async (name) => {
      const file = join(keys, CERTIFIED_OWNER, `${name}.cert.pem`);
      const endsAt = endOf(await readFile(file, "utf8"));
      return { name, activeFrom: Number(name.slice(0, 10)), endsAt };
    }),
  );
}

async function removeEnded({ keys }: OperatorFolders, now: number): Promise<string[]> {
  const leaves = await readLeaves(keys);
  const ended = leaves.filter(({ activeFrom, endsAt }) => {
    const successors = leaves.filter((one) => one.activeFrom > activeFrom);
    const wasReplaced = successors.some((one) => one.activeFrom + RETAIN_SECONDS <= now);
    return endsAt <= now || wasReplaced;
  });
  for (const { name } of ended) await removeKey(keys, CERTIFIED_OWNER, name);
  return ended.map(({ name }) => name);
}

async function openAuthorityUnlessThere({ authority }: OperatorFolders, now: number) {
  if ((await readAuthorities(authority)).length === 0) await openAuthority(authority, now);
}

/** An authority that was replaced is trusted as long as a key lives that it may have certified. */
async function retireAuthorities(folders: OperatorFolders, now: number): Promise<DatedAuthority[]> {
  const authorities = await readAuthorities(folders.authority);
  const active = activeKey(authorities, now);
  const issuers = await issuersOfLeaves(folders.keys, authorities);
  for (const one of authorities)
    if (one.activeFrom < active.activeFrom && !issuers.has(one.name))
      await removeAuthority(folders.authority, one.name);
  return trustAuthorities(folders);
}

async function issuersOfLeaves(
  keys: string,
  authorities: readonly DatedAuthority[],
): Promise<ReadonlySet<string>> {
  const names = await keyNames(keys, CERTIFIED_OWNER);
  const certificates = await Promise.all(
    names.map(async (name) => {
      const pem = await readFile(join(keys, CERTIFIED_OWNER, `${name}.cert.pem`), "utf8");
      return new X509Certificate(pem);
    }),
  );
  const issued = authorities.filter(({ certificatePem }) => {
    const authority = new X509Certificate(certificatePem);
    return certificates.some((leaf) => leaf.checkIssued(authority));
  });
  return new Set(issued.map(({ name }) => name));
}

async function trustAuthorities(folders: OperatorFolders): Promise<DatedAuthority[]> {
  const authorities = await readAuthorities(folders.authority);
  await writeTrust(
    folders.trust,
    authorities.map(({ certificatePem }) => certificatePem),
  );
  return authorities;
}

/** An operator who is root makes keys for a service that is not. */
async function giveToOwnerOf(folder: string, files: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) return;
  const { uid, gid } = await stat(folder);
  for (const file of files) await chown(join(folder, file), uid, gid);
}
