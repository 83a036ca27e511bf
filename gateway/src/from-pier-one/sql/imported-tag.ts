import type { Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Queryable, Transaction } from "#service-kit/db/pool.js";
import { tellSettled } from "../../ledger/sql/settle-tag.js";
import type { FoundSource } from "../../scm/scm-source.js";

/** What the ledger has of a tag before it is brought across. */
export interface KnownTag {
  /** What it means, or will mean when its first push has ended. */
  readonly digest: Digest | null;
  readonly isReserved: boolean;
  readonly isDeleted: boolean;
  /** Whether it was found at the registry, and nobody has said a word of it. */
  readonly isOnlyFound: boolean;
}

/** A tag that somebody pushed elsewhere, at some time. */
export interface ImportedTag extends TagKey {
  readonly digest: Digest;
  readonly pushedBy: string;
  /** To the microsecond. */
  readonly pushedAt: string;
}

/** @returns what the ledger has of a tag; `null`: nothing */
export async function readKnownTag(
  db: Queryable,
  { repository, tag }: TagKey,
): Promise<KnownTag | null> {
  const { rows } = await db.query<KnownTag>(
    `select coalesce(digest, reserved_digest) as digest, reservation is not null as "isReserved",
            deleted_at is not null as "isDeleted",
            coalesce(origin = 'adopted' and pushed_by = '' and locked_at is null, false) as "isOnlyFound"
     from ledger.tag where repository = $1 and name = $2`,
    [repository, tag],
  );
  return rows[0] ?? null;
}

/**
 * Takes a tag into the ledger with the author and the date that it had elsewhere. What the ledger knows stays as it is, unless
 * it was found at the registry with that very digest, and nobody has pushed, locked or deleted it.
 *
 * @param tx - transaction that also writes the audit entry
 * @param tag - the tag
 * @returns whether it was taken
 */
export async function insertImported(tx: Transaction, tag: ImportedTag): Promise<boolean> {
  const { repository, digest, pushedBy, pushedAt } = tag;
  const { rows } = await tx.query<{ revision: number }>(
    `insert into ledger.tag as held (repository, name, digest, pushed_by, pushed_at, origin)
     values ($1, $2, $3, $4, $5::timestamptz, 'pushed')
     on conflict (repository, name) do update
       set pushed_by = excluded.pushed_by, pushed_at = excluded.pushed_at, origin = 'pushed'
       where held.digest = excluded.digest and held.origin = 'adopted' and held.pushed_by = ''
         and held.locked_at is null and held.deleted_at is null and held.reservation is null
     returning revision::float8 as revision`,
    [repository, tag.tag, digest, pushedBy, pushedAt],
  );
  const [row] = rows;
  if (row === undefined) return false;
  tellSettled(tx, tag, { kind: "means", digest, revision: row.revision, locked: false });
  return true;
}

/**
 * Keeps where a manifest comes from, as of when that was noted elsewhere; what is known stays.
 *
 * @param tx - transaction that brings the manifest into the ledger
 * @param tag - a tag that means it
 * @param found - its source, and since when that is known, to the microsecond
 */
export async function insertImportedSource(
  tx: Queryable,
  { repository, digest, pushedBy }: ImportedTag,
  { source, origin, createdAt }: FoundSource & { readonly createdAt: string },
): Promise<void> {
  const { url, revision, author, status } = source;
  await tx.query(
    `insert into ledger.scm_source
       (repository, digest, url, revision, author, status, origin, pushed_by, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz)
     on conflict (repository, digest) do nothing`,
    [repository, digest, url, revision, author, status, origin, pushedBy, createdAt],
  );
}
