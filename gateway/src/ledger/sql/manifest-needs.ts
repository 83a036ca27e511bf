import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import { SUBJECT_LOCKS } from "#service-kit/db/locks.js";
import type { OwnTransaction, Queryable } from "#service-kit/db/pool.js";
import { OWN_LATEST } from "./latest-tag.js";
import { childrenOf, parentsOf, subjectOf } from "./manifest-links.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/**
 * A deletion that the registry was told of takes effect within this time or never: longer than the gateway
 * waits for the registry.
 */
export const DELETION_SECONDS = 60;

/** The manifests $2 of the repository $1 and all below them. `union` visits each once, so cycles end. */
export const BELOW = `below (digest) as (
       select unnest($2::text[])
       union
       select child.digest from below cross join lateral (
         ${childrenOf("below.digest")}
       ) as child
     )`;

/**
 * Looks a manifest up by its key. Nobody can tell Postgres how few there are to look up, so it would rather read all of the
 * repository's, in each push: `offset 0` keeps it from that.
 *
 * @param digest - which, an expression
 * @returns a lateral table of one row or none
 */
function manifestOf(digest: string): string {
  return `lateral (select * from ledger.manifest
    where repository = $1 and manifest.digest = ${digest} offset 0) as manifest`;
}

/**
 * Commits of pushes to the repository wait until the transaction ends, and it waits for those under way.
 *
 * @param tx - transaction that decides on a deletion
 * @param repository - the repository
 */
export async function lockForDeletion(tx: Queryable, repository: RepositoryName): Promise<void> {
  await tx.query(`select pg_advisory_xact_lock($1, hashtext($2))`, [
    SUBJECT_LOCKS.deletion,
    repository,
  ]);
}

/**
 * Asks, in the transaction that commits a push, whether the registry may have lost something that the push
 * needs after it had accepted the manifest. Statements after this one see every deletion decided before it, and
 * deletions decided later see the commit.
 *
 * @param tx - transaction that commits the push
 * @param key - the tag, whose reservation is the push's own
 * @param digest - the manifest, which the ledger may not have yet
 * @param children - its children
 * @returns what the registry does not have: what was deleted since the push began and, below the manifest,
 *   through indexes in it, whatever has a tombstone
 */
export async function lockAndFindDeleted(
  tx: Pick<OwnTransaction, "look">,
  key: TagKey,
  digest: Digest,
  children: readonly Digest[],
): Promise<Digest[]> {
  // Two statements, one after the other: the second one's snapshot has to be younger than the lock.
  const locked = tx.look(
    `select pg_advisory_xact_lock_shared($1, hashtext($2))`,
    [SUBJECT_LOCKS.deletion, key.repository],
    "lock against deletion",
  );
  const found = tx.look<{ digest: Digest }>(
    `with recursive ${BELOW}
     select manifest.digest
     from (select digest from below union select $5::text) as needed
       cross join ${manifestOf("needed.digest")}
       join ledger.tag on tag.repository = $1 and tag.name = $3
     where (manifest.deleted_at is not null and manifest.digest <> $5)
       or greatest(manifest.deleting_at + $4 * interval '1 second', manifest.deleted_at)
          > coalesce(tag.reserved_at, tag.reserved_until - interval '60 seconds')`,
    [key.repository, children, key.tag, DELETION_SECONDS, digest],
    "find deleted",
  );
  const [, { rows }] = await Promise.all([locked, found]);
  return rows.map(({ digest }) => digest);
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param children - children of an index
 * @param limit - at most this many
 * @returns what of them, and of what is below them, has a tombstone or is being deleted
 */
export async function readBuriedParts(
  db: Queryable,
  repository: RepositoryName,
  children: readonly Digest[],
  limit: number,
): Promise<Digest[]> {
  const { rows } = await db.query<{ digest: Digest }>(
    `with recursive ${BELOW}
     select manifest.digest from below
       cross join ${manifestOf("below.digest")}
     where manifest.deleted_at is not null or manifest.deleting_at is not null limit $3`,
    [repository, children, limit],
    "read buried parts",
  );
  return rows.map(({ digest }) => digest);
}

/**
 * From the manifest upwards: a tag needs what it means, an index its children, and a manifest that is needed
 * keeps the referrers that name it as their subject. `union` visits each manifest once, so cycles end.
 *
 * @param db - pool or transaction
 * @param repository - a repository
 * @param digest - digest of a manifest
 * @param limit - at most this many
 * @returns tags that need it, by name
 */
export async function readNeedingTags(
  db: Queryable,
  repository: RepositoryName,
  digest: Digest,
  limit: number,
): Promise<Tag[]> {
  const { rows } = await db.query<{ name: Tag }>(
    `with recursive needing (digest) as (
       select $2::text
       union
       select above.digest from needing cross join lateral (
         ${parentsOf("needing.digest")}
         union all
         ${subjectOf("needing.digest")}
       ) as above
     )
     select tag.name from ledger.tag join needing on tag.digest = needing.digest
     where tag.repository = $1 and tag.deleted_at is null
     union
     select 'latest' from needing where digest = (${OWN_LATEST})
     order by name limit $3`,
    [repository, digest, limit],
  );
  return rows.map(({ name }) => name);
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param children - digests of manifests
 * @param limit - at most this many
 * @returns those of them of which the ledger does not know that the registry looked for their parts
 */
export async function readUnchecked(
  db: Queryable,
  repository: RepositoryName,
  children: readonly Digest[],
  limit: number,
): Promise<Digest[]> {
  const { rows } = await db.query<{ digest: Digest }>(
    `select child.digest from unnest($2::text[]) as child (digest)
     left join ${manifestOf("child.digest")} on true
     where manifest.checked_at is null or manifest.deleted_at is not null
     limit $3`,
    [repository, children, limit],
    "read unchecked",
  );
  return rows.map(({ digest }) => digest);
}

/** A manifest whose references the ledger does not know yet. */
export interface UnknownManifest {
  readonly digest: Digest;
  /** Whether the ledger has its bytes. */
  readonly isKept: boolean;
}

/**
 * @param db - pool or transaction
 * @param repository - a repository
 * @param options - manifests to look at besides those that tags need, those that the registry is known not to
 *   have, and how many to return at most
 * @returns manifests, from the tags downwards, of which it is not known what they point to
 */
export async function readUnknownManifests(
  db: Queryable,
  repository: RepositoryName,
  options: { also: Digest; absent: readonly Digest[]; limit: number },
): Promise<UnknownManifest[]> {
  const { rows } = await db.query<UnknownManifest>(
    `with recursive needed (digest) as (
       select digest from ledger.tag
       where repository = $1 and digest is not null and deleted_at is null
       union
       (${OWN_LATEST})
       union
       select $2::text
       union
       select child.digest from needed cross join lateral (
         ${childrenOf("needed.digest")}
       ) as child
     )
     select needed.digest, manifest.digest is not null as "isKept"
     from needed left join ${manifestOf("needed.digest")} on true
     where manifest.linked_at is null and needed.digest <> all ($3)
     limit $4`,
    [repository, options.also, options.absent, options.limit],
  );
  return rows;
}
