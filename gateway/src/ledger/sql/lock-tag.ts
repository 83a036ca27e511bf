import type { Digest } from "#registry-protocol/digest.js";
import type { Transaction } from "#service-kit/db/pool.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { tellSettled } from "./settle-tag.js";

/**
 * Makes a tag that nobody is writing immutable for good.
 *
 * @param tx - transaction that also writes the audit entry
 * @param key - the tag
 * @param by - who locks it
 * @returns the digest it is locked to, or `null` when there was nothing to lock
 */
export async function lockTagRow(
  tx: Transaction,
  { repository, tag }: TagKey,
  by: string,
): Promise<Digest | null> {
  const { rows } = await tx.query<{ digest: Digest; revision: number }>(
    `update ledger.tag set locked_at = clock_timestamp(), locked_by = $3
     where repository = $1 and name = $2 and locked_at is null and reservation is null
       and digest is not null and deleted_at is null
     returning digest, revision::float8 as revision`,
    [repository, tag, by],
  );
  const [locked] = rows;
  if (locked === undefined) return null;
  tellSettled(tx, { repository, tag }, { kind: "means", ...locked, locked: true });
  return locked.digest;
}
