import type { Queryable } from "#service-kit/db/pool.js";
import { inMicroseconds } from "./in-microseconds.js";

/** A tag and the digest that the ledger has for it. */
export interface LedgerTag {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/** A tag that is deleted, or being pushed at the moment, means nothing that could be compared. */
const SETTLED = "digest is not null and deleted_at is null and reservation is null";

/** @returns settled tags by name, those that follow `after`, so many at most */
export async function ledgerTagsAfter(
  db: Queryable,
  after: Pick<LedgerTag, "repository" | "tag">,
  limit: number,
): Promise<LedgerTag[]> {
  const { rows } = await db.query<LedgerTag>(
    `select repository, name as tag, digest from ledger.tag
     where (repository, name) > ($1, $2) and ${SETTLED}
     order by repository, name limit $3`,
    [after.repository, after.tag, limit],
  );
  return rows;
}

/** @returns a tag's digest, or `null` when it is not settled any more */
export async function ledgerDigest(
  db: Queryable,
  { repository, tag }: LedgerTag,
): Promise<string | null> {
  const { rows } = await db.query<{ digest: string }>(
    `select digest from ledger.tag where repository = $1 and name = $2 and ${SETTLED}`,
    [repository, tag],
  );
  return rows[0]?.digest ?? null;
}

/** What the ledger says of a tag. Times are to the microsecond, as in entries. */
export interface LedgerRecord extends LedgerTag {
  readonly pushedBy: string;
  readonly pushedAt: string;
  readonly origin: "pushed" | "adopted";
  readonly lockedBy: string | null;
  readonly lockedAt: string | null;
  readonly deletedBy: string | null;
  readonly deletedAt: string | null;
}

/** A time that is not one, such as `infinity`, is not lost. */
const instant = (column: string) => `coalesce(${inMicroseconds(column)}, ${column}::text)`;

/**
 * @param db - ledger
 * @param after - the tag that they follow
 * @param limit - so many at most
 * @returns every tag that means or meant something by name, deleted ones too; a push under way changes nothing
 */
export async function ledgerRecordsAfter(
  db: Queryable,
  after: Pick<LedgerTag, "repository" | "tag">,
  limit: number,
): Promise<LedgerRecord[]> {
  const { rows } = await db.query<LedgerRecord>(
    `select repository, name as tag, digest, origin,
            pushed_by as "pushedBy", ${instant("pushed_at")} as "pushedAt",
            locked_by as "lockedBy", ${instant("locked_at")} as "lockedAt",
            deleted_by as "deletedBy", ${instant("deleted_at")} as "deletedAt"
     from ledger.tag
     where (repository, name) > ($1, $2) and digest is not null
     order by repository, name limit $3`,
    [after.repository, after.tag, limit],
  );
  return rows;
}

/** @returns whether one name comes before another where the database puts names in order */
export async function isBefore(db: Queryable, one: string, other: string): Promise<boolean> {
  const { rows } = await db.query<{ before: boolean }>("select $1::text < $2::text as before", [
    one,
    other,
  ]);
  return rows[0]?.before === true;
}
