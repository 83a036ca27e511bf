import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { TagState } from "../tag-rules.js";

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param tag - a tag in it
 * @returns what the ledger says about the tag at this moment; a reservation whose lease ran out counts
 *   as none
 */
export async function readTagState(
  db: Queryable,
  repository: RepositoryName,
  tag: Tag,
): Promise<TagState> {
  const { rows } = await db.query<{
    reserved: boolean;
    digest: Digest | null;
    pushed_by: string | null;
    pushed_at: Date | null;
  }>(
    `select coalesce(reserved_until >= now(), false) as reserved, digest, pushed_by, pushed_at
     from ledger.tag where repository = $1 and name = $2`,
    [repository, tag],
  );
  const row = rows[0];
  if (row === undefined) return { kind: "free" };
  const { digest, pushed_by: by, pushed_at: at } = row;
  if (row.reserved) return { kind: "reserved" };
  return digest === null || by === null || at === null
    ? { kind: "free" }
    : { kind: "held", digest, by, at };
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @returns digest of the tag that was pushed last, or `null` when there is none
 */
export async function readNewestDigest(
  db: Queryable,
  repository: RepositoryName,
): Promise<Digest | null> {
  const { rows } = await db.query<{ digest: Digest }>(
    `select digest from ledger.tag
     where repository = $1 and digest is not null
     order by pushed_at desc limit 1`,
    [repository],
  );
  return rows[0]?.digest ?? null;
}
