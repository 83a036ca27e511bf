import type { Digest } from "#registry-protocol/digest.js";
import type { Queryable, Transaction } from "#service-kit/db/pool.js";
import { tellSettled } from "../../ledger/sql/settle-tag.js";
import type { SeenTag } from "../seen-tag.js";

/** Holds as long as nobody has pushed, deleted or reserved the tag since the pass looked at it. */
const UNCHANGED = `repository = $1 and name = $2 and digest = $3 and pushed_at = $4::timestamptz
  and reservation is null and deleted_at is null`;

function keyOf({ repository, tag, digest, version }: SeenTag): unknown[] {
  return [repository, tag, digest, version];
}

/** How often a tag was not found in a row, and whether it counts as missing as of now. */
export interface CountedMissing {
  readonly sightings: number;
  readonly marked: boolean;
}

/**
 * Counts that the registry does not have a tag, at most once in a pass.
 *
 * @param tx - transaction that also writes the audit entry
 * @param seen - the tag
 * @param options - when the pass began, and at how many passes in a row the tag counts as missing
 * @returns whether it counts as missing as of now; `null` when it was not counted
 */
export async function countMissing(
  tx: Queryable,
  seen: SeenTag,
  { began, sightings }: { readonly began: string; readonly sightings: number },
): Promise<CountedMissing | null> {
  const { rows } = await tx.query<CountedMissing>(
    `with before as (
       select missing_since from ledger.tag
       where ${UNCHANGED} and (missing_seen_at is null or missing_seen_at < $5::timestamptz)
       for update
     )
     update ledger.tag as held
     set missing_sightings = held.missing_sightings + 1,
         missing_seen_at = clock_timestamp(),
         missing_since = case when held.missing_sightings + 1 >= $6
                              then coalesce(held.missing_since, clock_timestamp()) end,
         drift_digest = null, drift_since = null
     from before
     where held.repository = $1 and held.name = $2
     returning held.missing_sightings as sightings,
               before.missing_since is null and held.missing_since is not null as marked`,
    [...keyOf(seen), began, sightings],
  );
  return rows[0] ?? null;
}

/**
 * Forgets a missing tag that was only ever found at the registry: nobody pushed it, locked it or was given it, so that nobody
 * was promised anything, and its name is free again.
 *
 * @param tx - transaction that also writes the audit entry
 * @param seen - the tag
 * @returns whether it was one
 */
export async function forgetFound(tx: Transaction, seen: SeenTag): Promise<boolean> {
  const { rowCount } = await tx.query(
    `delete from ledger.tag as held
     where ${UNCHANGED} and missing_since is not null and origin = 'adopted' and locked_at is null
       and pushed_by = ''
       -- Whoever was told of it remembers that revision: what is pushed there next has a later one.
       and revision = 1
       and not exists (select from ledger.pull_total
                       where repository = held.repository and tag = held.name)
       and not exists (select from ledger.pull
                       where repository = held.repository and digest = held.digest)`,
    keyOf(seen),
  );
  if (rowCount !== 1) return false;
  tellSettled(tx, seen, { kind: "unsure" });
  return true;
}

/**
 * Notes that a tag means something else at the registry.
 *
 * @param tx - transaction that also writes the audit entry
 * @param seen - the tag
 * @param found - what it means there
 * @returns whether that is news; `null` when the tag was pushed meanwhile, so that nothing can be said
 */
export async function markDrift(
  tx: Queryable,
  seen: SeenTag,
  found: Digest,
): Promise<boolean | null> {
  const { rows } = await tx.query<{ news: boolean }>(
    `with before as (select drift_digest from ledger.tag where ${UNCHANGED} for update)
     update ledger.tag as held
     set drift_digest = $5, drift_since = coalesce(held.drift_since, clock_timestamp()),
         missing_since = null, missing_sightings = 0, missing_seen_at = null
     from before
     where held.repository = $1 and held.name = $2
     returning before.drift_digest is distinct from $5 as news`,
    [...keyOf(seen), found],
  );
  return rows[0]?.news ?? null;
}

/** Notes that a tag stands at the registry as it should, and returns whether that was otherwise before. */
export async function clearMarks(db: Queryable, seen: SeenTag): Promise<boolean> {
  const { rowCount } = await db.query(
    `update ledger.tag
     set missing_since = null, missing_sightings = 0, missing_seen_at = null,
         drift_digest = null, drift_since = null
     where ${UNCHANGED} and (missing_sightings > 0 or drift_digest is not null)`,
    keyOf(seen),
  );
  return rowCount === 1;
}

/**
 * Gives the reservation of a repaired tag back; who pushed it and when stays as it was.
 *
 * @param tx - transaction that also writes the audit entry
 * @param seen - the tag
 * @param reservation - the repair's own
 * @returns whether the reservation was still the repair's
 */
export async function settleRepair(
  tx: Queryable,
  { repository, tag }: Pick<SeenTag, "repository" | "tag">,
  reservation: string,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update ledger.tag
     set missing_since = null, missing_sightings = 0, missing_seen_at = null,
         drift_digest = null, drift_since = null,
         reservation = null, reserved_digest = null, reserved_by = null, reserved_until = null,
         reserved_origin = null, reserved_kind = null
     where repository = $1 and name = $2 and reservation = $3`,
    [repository, tag, reservation],
  );
  return rowCount === 1;
}

/** @returns how many tags are missing, and how many mean something else at the registry */
export async function countMarked(
  db: Queryable,
): Promise<{ readonly missing: number; readonly drifted: number }> {
  const { rows } = await db.query<{ missing: number; drifted: number }>(
    `select count(*) filter (where missing_since is not null)::int as missing,
            count(*) filter (where drift_digest is not null)::int as drifted
     from ledger.tag where missing_sightings > 0 or drift_digest is not null`,
  );
  return rows[0] ?? { missing: 0, drifted: 0 };
}
