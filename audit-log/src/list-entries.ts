import { z } from "zod";
import type { Queryable } from "#service-kit/db/pool.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";
import { findEntries, type EntryFilter, type EntryRow, type PageEnd } from "./sql/entries.js";

const BATCH = 500;

/**
 * @param db - audit log
 * @param filter - which entries
 * @param limit - so many at most, the newest; `null` for all
 * @yields them by time; of all, never more than a batch is in memory
 */
export async function* listEntries(
  db: Queryable,
  filter: EntryFilter,
  limit: number | null = null,
): AsyncGenerator<EntryRow> {
  if (limit === null) yield* entries(db, filter, { newestFirst: false, after: null });
  else yield* (await newestEntries(db, filter, { limit })).reverse();
}

/**
 * @param db - audit log
 * @param filter - which entries
 * @param page - so many at most, older than one
 * @returns them, the newest first
 */
export async function newestEntries(
  db: Queryable,
  filter: EntryFilter,
  { limit, after = null }: { readonly limit: number; readonly after?: PageEnd | null },
): Promise<EntryRow[]> {
  const found: EntryRow[] = [];
  for await (const row of entries(db, filter, { newestFirst: true, after })) {
    found.push(row);
    if (found.length === limit) break;
  }
  return found;
}

async function* entries(
  db: Queryable,
  filter: EntryFilter,
  { newestFirst, after: first }: { readonly newestFirst: boolean; readonly after: PageEnd | null },
): AsyncGenerator<EntryRow> {
  let after = first;
  for (;;) {
    const page = { after, limit: BATCH, newestFirst };
    const rows: EntryRow[] = await findEntries(db, filter, page);
    yield* rows.filter((row) => says(row, filter));
    after = rows.at(-1) ?? null;
    if (rows.length < BATCH) return;
  }
}

/** What an entry is looked for by, of content that the recorder wrote. */
const saidSchema = z.object({
  actor: z.object({ uid: z.string() }),
  tag: z.string().nullable(),
  digest: z.string().nullable(),
});

/** An entry that somebody has written past the recorder is shown too: `verify` tells what it is. */
function says({ content }: EntryRow, { actor, tag, digest }: EntryFilter): boolean {
  const entry = saidSchema.safeParse(jsonOrNull(content)).data;
  if (entry === undefined) return true;
  return (
    (actor === null || entry.actor.uid === actor) &&
    (tag === null || entry.tag === tag) &&
    (digest === null || entry.digest === digest)
  );
}
