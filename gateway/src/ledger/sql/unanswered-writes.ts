import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** What the registry was told about a tag, and has not answered. */
export interface UnansweredWrite extends TagKey {
  /** What the tag means there once it is carried out; of a deletion: what it meant. */
  readonly digest: Digest;
  readonly actor: AuditActor;
}

/** One that is to be looked at. */
export interface DueWrite extends UnansweredWrite {
  /** Whether the registry carries it out no more. */
  readonly isOver: boolean;
}

const LOOK_AGAIN_SECONDS = 5;

/**
 * @param db - pool, or the transaction that ends the reservation
 * @param write - what the registry was told; noted again, it lasts anew
 * @param options - seconds within which it may still be carried out, and whether the registry had no such tag before
 */
export async function noteUnanswered(
  db: Queryable,
  { repository, tag, digest, actor }: UnansweredWrite,
  { lateSeconds, wasFree }: { readonly lateSeconds: number; readonly wasFree: boolean },
): Promise<void> {
  await db.query(
    `insert into ledger.unanswered_write as noted
       (repository, tag, digest, actor, was_free, late_until, look_at)
     values ($1, $2, $3, $4, $5, clock_timestamp() + $6 * interval '1 second',
             clock_timestamp() + $7 * interval '1 second')
     on conflict (repository, tag, digest) do update
       set late_until = excluded.late_until, look_at = excluded.look_at,
           was_free = noted.was_free or excluded.was_free`,
    [repository, tag, digest, JSON.stringify(actor), wasFree, lateSeconds, LOOK_AGAIN_SECONDS],
    undefined,
    repository,
  );
}

/**
 * @param db - pool or transaction
 * @param key - a tag that the ledger does not know
 * @returns whether it was free at the registry before somebody pushed it who was told nothing
 */
export async function wasFreeBefore(db: Queryable, { repository, tag }: TagKey): Promise<boolean> {
  const { rowCount } = await db.query(
    "select 1 from ledger.unanswered_write where repository = $1 and tag = $2 and was_free limit 1",
    [repository, tag],
  );
  return rowCount === 1;
}

/**
 * @param db - pool or transaction
 * @param limit - at most this many
 * @returns those that somebody has to look at, longest ago first
 */
export async function listDueWrites(db: Queryable, limit: number): Promise<DueWrite[]> {
  const { rows } = await db.query<DueWrite>(
    `select repository, tag, digest, actor, late_until < now() as "isOver"
     from ledger.unanswered_write where look_at < now() order by look_at limit $1`,
    [limit],
  );
  return rows;
}

/**
 * @param db - pool or transaction
 * @returns of how many tags the registry carries out nothing any more since a minute, which are still not as they should be
 */
export async function countOverdueWrites(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from ledger.unanswered_write
     where late_until < now() - interval '60 seconds'`,
  );
  return rows[0]?.count ?? 0;
}

/** Has it looked at again later. */
export async function lookAgainAt(
  db: Queryable,
  { repository, tag, digest }: UnansweredWrite,
  seconds: number,
): Promise<void> {
  await db.query(
    `update ledger.unanswered_write set look_at = clock_timestamp() + $4 * interval '1 second'
     where repository = $1 and tag = $2 and digest = $3`,
    [repository, tag, digest, seconds],
    undefined,
    repository,
  );
}

/** Ends the looking, unless it was noted again since. */
export async function forgetUnanswered(
  db: Queryable,
  { repository, tag, digest }: UnansweredWrite,
): Promise<void> {
  await db.query(
    `delete from ledger.unanswered_write
     where repository = $1 and tag = $2 and digest = $3 and late_until < now()`,
    [repository, tag, digest],
    undefined,
    repository,
  );
}

/**
 * Nothing more is waited for of a tag; it is looked at once more, soon.
 *
 * @param db - pool or transaction
 * @param key - the tag
 * @returns the digests of which something was expected
 */
export async function expectNoMore(db: Queryable, { repository, tag }: TagKey): Promise<Digest[]> {
  const { rows } = await db.query<{ digest: Digest }>(
    `update ledger.unanswered_write set late_until = clock_timestamp(), look_at = clock_timestamp()
     where repository = $1 and tag = $2 and late_until > clock_timestamp()
     returning digest`,
    [repository, tag],
  );
  return rows.map(({ digest }) => digest);
}
