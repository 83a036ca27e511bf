import type { Digest } from "#registry-protocol/digest.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/**
 * Makes a tag that nobody is writing immutable for good.
 *
 * @param tx - transaction that also writes the audit entry
 * @param key - the tag
 * @param by - who locks it
 * @returns the digest it is locked to, or `null` when there was nothing to lock
 */
export async function lockTagRow(
  tx: Queryable,
  { repository, tag }: TagKey,
  by: string,
): Promise<Digest | null> {
  const { rows } = await tx.query<{ digest: Digest }>(
    `update ledger.tag set locked_at = clock_timestamp(), locked_by = $3
     where repository = $1 and name = $2 and locked_at is null and reservation is null
       and digest is not null and deleted_at is null
     returning digest`,
    [repository, tag, by],
  );
  return rows[0]?.digest ?? null;
}
