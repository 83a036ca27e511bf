import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable, Transaction } from "#service-kit/db/pool.js";
import type { ReservedKind } from "./reserve-tag.js";
import { tellSettled } from "./settle-tag.js";

const KIND: ReservedKind = "manifest-removal";

/** A manifest of a repository. */
export interface ManifestKey {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** A deletion of a manifest that takes its tags along. */
export interface TagsRemoval extends ManifestKey {
  readonly actor: AuditActor;
  /** Unique id of this attempt. */
  readonly reservation: string;
  /** Whether they may push there, and so be told who pulls; absent: no. */
  readonly seesUsers?: boolean;
}

/** A tag that means a manifest. */
export interface MeaningTag {
  readonly tag: Tag;
  readonly locked: boolean;
  /** Whether somebody is writing it. */
  readonly reserved: boolean;
}

/**
 * @param db - pool or transaction
 * @param key - a manifest
 * @param limit - at most this many
 * @returns tags that mean it, by name
 */
export async function readTagsMeaning(
  db: Queryable,
  { repository, digest }: ManifestKey,
  limit: number,
): Promise<Tag[]> {
  const { rows } = await db.query<{ name: Tag }>(
    `select name from ledger.tag
     where repository = $1 and digest = $2 and deleted_at is null
     order by name limit $3`,
    [repository, digest, limit],
  );
  return rows.map(({ name }) => name);
}

/**
 * @param tx - transaction, until whose end nobody locks or reserves them
 * @param key - a manifest
 * @param limit - at most this many
 * @returns tags that mean it, by name
 */
export async function holdTagsMeaning(
  tx: Queryable,
  { repository, digest }: ManifestKey,
  limit: number,
): Promise<MeaningTag[]> {
  const { rows } = await tx.query<MeaningTag>(
    `select name as tag, locked_at is not null as locked, reservation is not null as reserved
     from ledger.tag
     where repository = $1 and digest = $2 and deleted_at is null
     order by name limit $3 for update`,
    [repository, digest, limit],
  );
  return rows;
}

/**
 * Reserves tags for the deletion of the manifest that they mean. If this gateway dies, they share its fate.
 *
 * @param tx - transaction that has seen to it, by {@link holdTagsMeaning}, that nobody is writing them, and that leaves the
 *   note on the manifest
 * @param removal - who deletes what
 * @param tags - the tags
 * @param leaseSeconds - seconds the reservation lasts
 */
export async function reserveTogether(
  tx: Queryable,
  { repository, digest, actor, reservation }: TagsRemoval,
  tags: readonly Tag[],
  leaseSeconds: number,
): Promise<void> {
  await tx.query(
    `update ledger.tag
     set reservation = $4, reserved_digest = digest, reserved_by = $5,
         reserved_at = clock_timestamp(), reserved_until = clock_timestamp() + $6 * interval '1 second',
         reserved_origin = $7, reserved_source = null, reserved_kind = $8
     where repository = $1 and digest = $2 and name = any($3)`,
    [repository, digest, tags, reservation, actor.uid, leaseSeconds, JSON.stringify(actor), KIND],
  );
}

/**
 * @param tx - transaction
 * @param key - a manifest
 * @returns tags that are reserved for its deletion
 */
export async function readReservedTogether(
  tx: Queryable,
  { repository, digest }: ManifestKey,
): Promise<Tag[]> {
  const { rows } = await tx.query<{ name: Tag }>(
    `select name from ledger.tag
     where repository = $1 and reserved_digest = $2 and reserved_kind = $3`,
    [repository, digest, KIND],
  );
  return rows.map(({ name }) => name);
}

/** Which tags are meant that are reserved for a manifest's deletion. */
export type Together =
  | Pick<TagsRemoval, "repository" | "reservation">
  /** Of a gateway that was lost: those whose lease ran out, or all. */
  | (ManifestKey & { readonly expired: boolean });

/**
 * Puts tombstones on tags that are reserved for their manifest's deletion, and gives the reservations back.
 *
 * @param tx - transaction that also buries the manifest and writes the audit entries
 * @param which - the tags
 * @param by - who deletes them
 * @returns their names
 */
export function buryTogether(tx: Transaction, which: Together, by: string): Promise<Tag[]> {
  return settleTogether(tx, which, by);
}

/**
 * Gives such tags back: they mean what they meant.
 *
 * @param tx - transaction that also takes back the note on the manifest
 * @param which - the tags
 * @returns their names
 */
export function releaseTogether(tx: Transaction, which: Together): Promise<Tag[]> {
  return settleTogether(tx, which, null);
}

async function settleTogether(
  tx: Transaction,
  which: Together,
  buriedBy: string | null,
): Promise<Tag[]> {
  const isOwn = "reservation" in which;
  const condition = isOwn
    ? "reservation = $2"
    : "reservation is not null and reserved_digest = $2 and (not $5 or reserved_until < now())";
  const { rows } = await tx.query<{ tag: Tag; revision: number }>(
    `update ledger.tag
     set deleted_at = case when $3::text is null then deleted_at else clock_timestamp() end,
         deleted_by = coalesce($3::text, deleted_by),
         reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null,
         reserved_origin = null, reserved_kind = null
     where repository = $1 and reserved_kind = $4 and ${condition}
     returning name as tag, revision::float8 as revision`,
    [
      which.repository,
      isOwn ? which.reservation : which.digest,
      buriedBy,
      KIND,
      ...(isOwn ? [] : [which.expired]),
    ],
  );
  for (const { tag, revision } of rows)
    tellSettled(
      tx,
      { repository: which.repository, tag },
      buriedBy === null ? { kind: "unchanged" } : { kind: "deleted", revision },
    );
  return rows.map(({ tag }) => tag).sort();
}
