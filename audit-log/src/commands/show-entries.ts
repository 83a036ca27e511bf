import type { Queryable } from "#service-kit/db/pool.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { newestEntries } from "../list-entries.js";
import type { EntryFilter, EntryRow } from "../sql/entries.js";
import { printable } from "../printable.js";
import { entryIn } from "../recorded-entry.js";

/** Names by which entries are looked for. */
const NAMES = ["repository", "actor", "tag", "digest"] as const;

/**
 * Nothing found may mean that nothing happened, or that a name was mistyped: then no entry at all has it.
 *
 * @param db - audit log
 * @param filter - which entries were looked for, in vain
 * @returns what no entry has, in words, one for each name
 */
export async function unknownNames(db: Queryable, filter: EntryFilter): Promise<string[]> {
  const unknown: string[] = [];
  for (const name of NAMES) {
    if (filter[name] === null) continue;
    const alone = { ...EVERYTHING, [name]: filter[name] };
    const found = await newestEntries(db, alone, { limit: 1 });
    if (found.length === 0) unknown.push(`--${name}: no entry has ${filter[name]}`);
  }
  return unknown;
}

const EVERYTHING: EntryFilter = {
  since: new Date(0),
  until: new Date("9999-12-31"),
  ...{ repository: null, action: null, actor: null, tag: null, digest: null },
};

/** @returns an entry as one line of JSON, with its place and its hash; `unreadable` has what is no JSON */
export function asJson({ chain, position, hash, content }: EntryRow): string {
  const entry = jsonOrNull(content) ?? { unreadable: content };
  return JSON.stringify({ chain, position, hash: hash.toString("hex"), entry });
}

/** @returns an entry as one line for people; what the recorder has not written is told as it stands, and `verify` finds it */
export function asText({ at, chain, position, content }: EntryRow): string {
  const entry = entryIn(content);
  if (entry === null)
    return printable(`${at} not written by the recorder (${chain}, ${position}): ${content}`);
  const { action, actor, repository, tag, digest, reason, detail } = entry;
  const name = `${repository ?? ""}${tag === null ? "" : `:${tag}`}`;
  const who = actor.uid === "" ? actor.kind : `${actor.uid} (${actor.realm}, ${actor.kind})`;
  const where = actor.address === "" ? "" : `from ${actor.address}`;
  const more = Object.keys(detail).length === 0 ? "" : JSON.stringify(detail);
  const what = [at.replace(/\d{3}Z$/, "Z"), action, name, digest];
  const parts = [...what, "by", who, where, `- ${reason}`, more];
  return printable(parts.filter((part) => part !== null && part !== "").join(" "));
}
