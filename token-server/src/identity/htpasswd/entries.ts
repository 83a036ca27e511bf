import { isReservedUid, isReservedUsername, isSafeUid } from "../names.js";

/** User names and their bcrypt hashes; `null`: the file has the user, and no password fits. */
export type HtpasswdEntries = ReadonlyMap<string, string | null>;

/** A password file. */
export interface Htpasswd {
  readonly entries: HtpasswdEntries;
  /** Lines by which nobody logs in, `path:line: why`, without what stands on them. */
  readonly unusable: readonly string[];
}

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const MIN_COST = 4;
const USUAL_COST = 10;
/** 2^16 rounds take some seconds: more would let a few logins keep the process busy. */
const MAX_COST = 16;
/** What a reader of UTF-8 puts for bytes that are none. */
const NOT_UTF8 = "\ufffd";

/**
 * A line that cannot be used is of no use to its own user alone: everybody else's stands, and who is not in the file any
 * more is out, whatever else is wrong in it. Of several lines of one user the last counts, as at the stock registry.
 *
 * @param path - the file's name, for messages
 * @param text - lines `user:hash`; empty lines and lines that begin with # count for nothing
 * @returns its entries by name in NFC (RFC 7617, section 2.1), and the lines that cannot be used
 */
export function parseHtpasswd(path: string, text: string): Htpasswd {
  const entries = new Map<string, string | null>();
  const unusable: string[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const colon = line.indexOf(":");
    const [user, hash] = [userName(line.slice(0, Math.max(colon, 0))), line.slice(colon + 1)];
    const faults = [
      ...(entries.has(user) ? ["the user has a line before, which counts no more"] : []),
      ...faultsOf(user, hash),
    ];
    unusable.push(...faults.map((fault) => `${path}:${index + 1}: ${fault}`));
    if (user !== "" && !standsForOthers(user)) entries.set(user, isUsable(hash) ? hash : null);
  }
  return { entries, unusable };
}

/** @returns the name as entries have it, however its letters are composed */
export function userName(typed: string): string {
  return typed.normalize("NFC");
}

/**
 * @param entries - the file
 * @returns a hash that no password has and that takes as long to compare as the slowest in the file
 */
export function dummyHash(entries: HtpasswdEntries): string {
  const costs = [...entries.values()].flatMap((hash) => (hash === null ? [] : [costOf(hash)]));
  const most = costs.length === 0 ? USUAL_COST : Math.max(...costs);
  return `$2b$${String(most).padStart(2, "0")}$${"x".repeat(53)}`;
}

function faultsOf(user: string, hash: string): string[] {
  if (user === "") return ["wanted user:hash"];
  if (standsForOthers(user)) return ["this user name stands for another kind of login"];
  const faults: string[] = [];
  if (user.includes(NOT_UTF8)) faults.push("the user name is not UTF-8");
  else if (!isSafeUid(user))
    faults.push("the user name has characters that are not accepted here (docs/logins/identities.md)"); // prettier-ignore
  if (!isUsable(hash))
    faults.push(
      `wanted a bcrypt hash of cost ${MIN_COST} to ${MAX_COST} (made by: htpasswd -B -C ${USUAL_COST})`,
    );
  return faults;
}

function standsForOthers(user: string): boolean {
  return isReservedUsername(user) || isReservedUid(user);
}

function isUsable(hash: string): boolean {
  const cost = costOf(hash);
  return cost >= MIN_COST && cost <= MAX_COST;
}

function costOf(hash: string): number {
  return Number(BCRYPT.exec(hash)?.[1] ?? -1);
}
