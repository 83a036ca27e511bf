import { inMicroseconds } from "#audit-log/sql/in-microseconds.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A step that is to be taken. */
export interface DueStep {
  /** Entries that the audit log has: what they tell of stands at the registry. */
  readonly entries: number;
  /** The database's time. */
  readonly at: string;
}

/**
 * @param db - ledger
 * @param seconds - how long a step lasts at least, unless it is astray
 * @returns what the next step covers; `null` when none is due: nothing was recorded since the last one, or that was just now
 */
export async function dueStep(db: Queryable, seconds: number): Promise<DueStep | null> {
  const { rows } = await db.query<DueStep>(
    `select now.entries::float8 as entries, ${inMicroseconds("now.at")} as at
     from (select coalesce(sum(position), 0)::bigint as entries, clock_timestamp() as at
           from audit.chain_head) as now
     where exists (select from ledger.tag where digest is not null)
       and not exists (
         select from ledger.storage_step as step join ledger.storage as held on held.id = step.storage
         where stepped_at is not null
           and (step.entries = now.entries
                or stepped_at between now.at - $1 * interval '1 second' and now.at))`,
    [seconds],
  );
  return rows[0] ?? null;
}

/** A step as it is noted. */
export interface NotedStep {
  /** Id of the storage. */
  readonly storage: string;
  readonly number: number;
  /** Of what stands there before it; `null`: nothing that would have to. */
  readonly digest: Digest | null;
  readonly nextDigest: Digest | null;
}

/** Notes a step that is about to be written, so that whoever finds it there knows it; until it is taken one is due. */
export async function intendStep(db: Queryable, step: NotedStep): Promise<void> {
  await db.query(
    `insert into ledger.storage_step (storage, number, digest, next_digest)
     values ($1, $2, $3, $4)
     on conflict ("only") do update
       set storage = excluded.storage, number = excluded.number, digest = excluded.digest,
           next_digest = excluded.next_digest, stepped_at = null`,
    [step.storage, step.number, step.digest, step.nextDigest],
  );
}

/**
 * Follows a storage that has come further than the ledger knows.
 *
 * @returns whether that was still so: what somebody has noted meanwhile is never taken back
 */
export async function followStep(
  db: Queryable,
  { storage, number, digest }: Omit<NotedStep, "nextDigest">,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update ledger.storage_step
     set number = $2, digest = $3, next_digest = null, stepped_at = null
     where storage = $1 and number < $2`,
    [storage, number, digest],
  );
  return rowCount === 1;
}

/** Notes that a step that was about to be written stands at the registry. */
export async function noteStep(db: Queryable, taken: Digest, entries: number): Promise<void> {
  await db.query(
    `update ledger.storage_step
     set digest = next_digest, next_digest = null, stepped_at = clock_timestamp(), entries = $2
     where next_digest = $1`,
    [taken, entries],
  );
}

/** Has another step be due at once. */
export async function wantStep(db: Queryable, digest: Digest): Promise<void> {
  await db.query(`update ledger.storage_step set stepped_at = null where digest = $1`, [digest]);
}

/** @returns number of the newest step that this ledger knows, of whichever storage */
export async function newestStep(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ number: number }>(
    `select number::float8 as number from ledger.storage_step`,
  );
  return rows[0]?.number ?? 0;
}
