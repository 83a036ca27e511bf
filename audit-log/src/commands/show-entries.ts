import type { Queryable } from "#service-kit/db/pool.js";
import { newestEntries } from "../list-entries.js";
import type { EntryFilter, EntryRow } from "../sql/entries.js";
import { printable } from "../printable.js";

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

/** @returns an entry as one line of JSON, with its place and its hash */
export function asJson({ chain, position, hash, content }: EntryRow): string {
  const entry: unknown = JSON.parse(content);
  return JSON.stringify({ chain, position, hash: hash.toString("hex"), entry });
}

/** @returns an entry as one line for people */
export function asText({ at, content }: EntryRow): string {
  const { action, actor, repository, tag, digest, reason, detail } = JSON.parse(
    content,
  ) as Readable;
  const name = `${repository ?? ""}${tag === null ? "" : `:${tag}`}`;
  const who = actor.uid === "" ? actor.kind : `${actor.uid} (${actor.realm}, ${actor.kind})`;
  const where = actor.address === "" ? "" : `from ${actor.address}`;
  const more = Object.keys(detail).length === 0 ? "" : JSON.stringify(detail);
  const what = [at.replace(/\d{3}Z$/, "Z"), action, name, digest];
  const parts = [...what, "by", who, where, `- ${reason}`, more];
  return printable(parts.filter((part) => part !== null && part !== "").join(" "));
}

/** Content that the recorder wrote; `verify` finds any other. */
interface Readable {
  readonly action: string;
  readonly actor: Readonly<Record<"uid" | "realm" | "kind" | "address", string>>;
  readonly repository: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly reason: string;
  readonly detail: Readonly<Record<string, unknown>>;
}
