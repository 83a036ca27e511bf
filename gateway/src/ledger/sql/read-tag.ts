import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable, Transaction } from "#service-kit/db/pool.js";
import type { HeldTag, TagState } from "#tag-policy/decide-tag-write.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagWord } from "../settled-notice.js";
import { tellSettled } from "./settle-tag.js";

/**
 * @param db - pool or transaction
 * @param key - a tag
 * @returns what the ledger says about the tag at this moment
 */
export async function readTagState(db: Queryable, key: TagKey): Promise<TagState> {
  const { rows } = await db.query<{
    reservation: "none" | "reserved" | "expired";
    digest: Digest | null;
    by: string | null;
    at: Date | null;
    locked: boolean;
    deleted: boolean;
  }>(
    `select case when reservation is null then 'none'
                 when reserved_until >= now() or reserved_kind = 'manifest-removal' then 'reserved'
                 else 'expired' end as reservation,
            digest, pushed_by as by, pushed_at as at,
            locked_at is not null as locked, deleted_at is not null as deleted
     from ledger.tag where repository = $1 and name = $2`,
    [key.repository, key.tag],
  );
  const row = rows[0];
  if (row === undefined) return { kind: "free" };
  const { digest, by, at, locked } = row;
  if (row.reservation !== "none") return { kind: row.reservation };
  if (digest === null || by === null || at === null) return { kind: "free" };
  return { kind: row.deleted ? "deleted" : "held", digest, by, at, locked };
}

/**
 * @param db - pool or transaction
 * @param key - a tag, which may be reserved
 * @returns what it means to readers and since when, or `null` when it means nothing
 */
export async function readHeldTag(db: Queryable, key: TagKey): Promise<HeldTag | null> {
  const { rows } = await db.query<HeldTag>(
    `select digest, pushed_by as by, pushed_at as at from ledger.tag
     where repository = $1 and name = $2 and digest is not null and deleted_at is null`,
    [key.repository, key.tag],
  );
  return rows[0] ?? null;
}

/** What a reader gets for a tag. */
export type TagMeaning =
  | TagWord
  /** Pushed for the first time at this moment, with this digest; nobody has said what it was before. */
  | { readonly kind: "reserved"; readonly digest: Digest }
  | { readonly kind: "unknown" };

/**
 * @param db - pool or transaction
 * @param key - a tag
 * @returns the digest that readers get, also while another push of a mutable tag is under way
 */
export async function readTagMeaning(db: Queryable, key: TagKey): Promise<TagMeaning> {
  const { rows } = await db.query<{
    digest: Digest | null;
    reserved: Digest | null;
    revision: number;
    locked: boolean;
    called: Digest | null;
  }>(
    `select case when deleted_at is null then digest end as digest,
            case when digest is null then reserved_digest end as reserved,
            revision::float8 as revision, locked_at is not null as locked,
            (select called from ledger.called_tag as named
             where named.repository = $1 and named.tag = $2 and named.digest = tag.digest) as called
     from ledger.tag where repository = $1 and name = $2`,
    [key.repository, key.tag],
    "read tag meaning",
  );
  const row = rows[0];
  if (row === undefined) return { kind: "unknown" };
  const { digest, reserved, revision, locked, called } = row;
  if (digest !== null)
    return { kind: "means", digest, revision, locked, ...(called === null ? {} : { called }) };
  return reserved === null ? { kind: "deleted", revision } : { kind: "reserved", digest: reserved };
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param names - tags that the registry lists
 * @returns those of them that were deleted and that the registry still has
 */
export async function readDeletedTags(
  db: Queryable,
  repository: RepositoryName,
  names: readonly string[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ name: string }>(
    `select name from ledger.tag
     where repository = $1 and name = any($2) and deleted_at is not null`,
    [repository, names],
  );
  return new Set(rows.map(({ name }) => name));
}

/** A tag of the registry and what it means there. */
export interface FoundTag {
  readonly tag: Tag;
  readonly digest: Digest;
}

/**
 * Takes tags of the registry into the ledger. A tag that is there already stays as it is.
 *
 * @param tx - transaction
 * @param repository - the repository
 * @param found - the tags
 * @returns those that are new to the ledger
 */
export async function adoptTags(
  tx: Transaction,
  repository: RepositoryName,
  found: readonly FoundTag[],
): Promise<FoundTag[]> {
  const { rows } = await tx.query<FoundTag>(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at, origin)
     select $1, found.name, found.digest, '', clock_timestamp(), 'adopted'
     from unnest($2::text[], $3::text[]) as found (name, digest)
     on conflict do nothing
     returning name as tag, digest`,
    [repository, found.map(({ tag }) => tag), found.map(({ digest }) => digest)],
  );
  for (const { tag, digest } of rows)
    tellSettled(tx, { repository, tag }, { kind: "means", digest, revision: 1, locked: false });
  return rows;
}
