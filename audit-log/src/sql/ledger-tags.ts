import type { Queryable } from "#service-kit/db/pool.js";

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
