import type { Queryable } from "#service-kit/db/pool.js";
import { findEntries, type EntryFilter, type EntryRow } from "../sql/entries.js";
import { printable } from "../verify/finding.js";

const BATCH = 500;

/**
 * @param db - audit log
 * @param filter - which entries
 * @yields them by time; never more than a batch is in memory
 */
export async function* listEntries(db: Queryable, filter: EntryFilter): AsyncGenerator<EntryRow> {
  let after: EntryRow | null = null;
  for (;;) {
    const rows: EntryRow[] = await findEntries(db, filter, { after, limit: BATCH });
    yield* rows;
    after = rows.at(-1) ?? null;
    if (rows.length < BATCH) return;
  }
}

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
