import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { LATEST } from "#tag-policy/tag-policy.js";
import { readLatest } from "../../ledger/sql/latest-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** What the ledger has on a tag. */
export interface TagRecord {
  readonly tag: Tag;
  readonly digest: Digest;
  readonly pushedBy: string;
  readonly pushedAt: Date;
  /** `adopted`: it stood at the registry before the ledger knew it. */
  readonly origin: "pushed" | "adopted";
  readonly lockedBy: string | null;
  readonly lockedAt: Date | null;
  readonly deletedBy: string | null;
  readonly deletedAt: Date | null;
}

const COLUMNS = `name as tag, digest, pushed_by as "pushedBy", pushed_at as "pushedAt", origin,
  locked_by as "lockedBy", locked_at as "lockedAt",
  deleted_by as "deletedBy", deleted_at as "deletedAt"`;

/**
 * @param db - pool or transaction
 * @param key - a tag
 * @returns its record, or `null` when it never meant anything
 */
export async function readRecord(
  db: Queryable,
  { repository, tag }: TagKey,
): Promise<TagRecord | null> {
  const { rows } = await db.query<TagRecord>(
    `select ${COLUMNS} from ledger.tag
     where repository = $1 and name = $2 and digest is not null`,
    [repository, tag],
  );
  return rows[0] ?? null;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @returns record of the tag that virtual `latest` means, or `null` when the ledger knows of none; the registry's own
 *   `latest` has one for all that is known of it
 */
export async function readLatestRecord(
  db: Queryable,
  repository: RepositoryName,
): Promise<TagRecord | null> {
  const latest = await readLatest(db, repository);
  if (latest === null) return null;
  const { tag, digest, foundAt } = latest;
  if (foundAt === null || tag !== LATEST) return readRecord(db, { repository, tag });
  const nobody = { lockedBy: null, lockedAt: null, deletedBy: null, deletedAt: null };
  return { tag, digest, pushedBy: "", pushedAt: foundAt, origin: "adopted", ...nobody };
}
