import type { Queryable } from "#service-kit/db/pool.js";
import { APP } from "../../ledger/support/rows.js";

/** An entry as it stands in its table; what is not said is the same for all. */
export interface RawEntry {
  readonly chain?: number;
  readonly position: number;
  readonly at?: string;
  readonly action?: string;
  readonly repository?: string | null;
  readonly content?: unknown;
}

/** When what has no time of its own was written. */
export const NOON = "2026-11-20T12:00:00.000000Z";

/** Writes an entry past the recorder, in no chain of hashes. */
export async function writeRaw(
  db: Queryable,
  { chain = 0, position, at = NOON, ...written }: RawEntry,
): Promise<void> {
  const { action = "tag.pushed", repository = APP, content = {} } = written;
  await db.query(
    `insert into audit.entry (chain, position, at, action, repository, content, previous_hash, hash)
     values ($1, $2, $3, $4, $5, $6, '', '')`,
    [chain, position, at, action, repository, JSON.stringify(content)],
  );
}
