import { ConfigError } from "#service-kit/config.js";
import { isReservedUid, isReservedUsername, isSafeUid } from "../names.js";

/** User names and their bcrypt hashes. */
export type HtpasswdEntries = ReadonlyMap<string, string>;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const MIN_COST = 4;
const USUAL_COST = 10;
/** 2^16 rounds take some seconds: more would let a few logins keep the process busy. */
const MAX_COST = 16;

/**
 * @param path - the file's name, for messages
 * @param text - lines `user:hash`; empty lines and lines that begin with # count for nothing
 * @returns its entries
 * @throws ConfigError with lines `path:line: what is wrong`, which never repeat the line
 */
export function parseHtpasswd(path: string, text: string): HtpasswdEntries {
  const entries = new Map<string, string>();
  const faults: string[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const [user, hash] = [line.slice(0, Math.max(colon, 0)), line.slice(colon + 1)];
    const fault = entries.has(user) ? "the user is in the file twice" : faultOf(user, hash);
    if (fault !== null) faults.push(`${path}:${index + 1}: ${fault}`);
    entries.set(user, hash);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return entries;
}

/**
 * @param entries - the file
 * @returns a hash that no password has and that takes as long to compare as the slowest in the file
 */
export function dummyHash(entries: HtpasswdEntries): string {
  const costs = entries.size === 0 ? [USUAL_COST] : [...entries.values()].map(costOf);
  return `$2b$${String(Math.max(...costs)).padStart(2, "0")}$${"x".repeat(53)}`;
}

function faultOf(user: string, hash: string): string | null {
  if (!isSafeUid(user))
    return "wanted user:hash, with a user of letters, digits and . _ : @ / + - and the like";
  if (isReservedUsername(user) || isReservedUid(user))
    return "this user name stands for another kind of login";
  const cost = costOf(hash);
  if (cost >= MIN_COST && cost <= MAX_COST) return null;
  return `wanted a bcrypt hash of cost ${MIN_COST} to ${MAX_COST} (made by: htpasswd -B -C ${USUAL_COST})`;
}

function costOf(hash: string): number {
  return Number(BCRYPT.exec(hash)?.[1] ?? -1);
}
