import { FIRST_PLACE, type ManifestPlace } from "#audit-log/sql/known-manifests.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** The last tag that was compared. */
export interface Cursor {
  readonly repository: string;
  readonly tag: string;
}

/** Comes before every tag. */
export const BEGINNING: Cursor = { repository: "", tag: "" };

/** How long ago, in seconds, the last pass on any replica has to have begun, and to have ended. */
export interface Rest {
  readonly sinceBegin: number;
  readonly sinceEnd: number;
}

/** @returns whether it was so long ago, or never */
export async function isPassDue(db: Queryable, rest: Rest): Promise<boolean> {
  const { rows } = await db.query<{ due: boolean }>(
    `select clock_timestamp() >= greatest(began_at + make_interval(secs => $1),
                                          ended_at + make_interval(secs => $2)) as due
     from ledger.discovery`,
    [rest.sinceBegin, rest.sinceEnd],
  );
  return rows[0]?.due ?? true;
}

/** Notes that a pass begins now. */
export async function notePass(db: Queryable): Promise<void> {
  await db.query(
    `insert into ledger.discovery default values
     on conflict ("only") do update set began_at = excluded.began_at`,
  );
}

/** Notes that a pass ends now. */
export async function notePassEnd(db: Queryable): Promise<void> {
  await db.query(`update ledger.discovery set ended_at = clock_timestamp()`);
}

/** @returns where the last slice ended */
export async function readCursor(db: Queryable): Promise<Cursor> {
  const { rows } = await db.query<Cursor>(
    `select verified_repository as repository, verified_tag as tag from ledger.discovery`,
  );
  return rows[0] ?? BEGINNING;
}

/** Notes up to where tags were compared. */
export async function moveCursor(db: Queryable, { repository, tag }: Cursor): Promise<void> {
  await db.query(
    `insert into ledger.discovery (verified_repository, verified_tag) values ($1, $2)
     on conflict ("only") do update
       set verified_repository = excluded.verified_repository, verified_tag = excluded.verified_tag`,
    [repository, tag],
  );
}

/** @returns the last manifest whose parts were looked for */
export async function readLookedAt(db: Queryable): Promise<ManifestPlace> {
  const { rows } = await db.query<ManifestPlace>(
    `select looked_at_repository as repository, looked_at_digest as digest from ledger.discovery`,
  );
  return rows[0] ?? FIRST_PLACE;
}

/** Notes up to where parts of manifests were looked for. */
export async function moveLookedAt(
  db: Queryable,
  { repository, digest }: ManifestPlace,
): Promise<void> {
  await db.query(
    `insert into ledger.discovery (looked_at_repository, looked_at_digest) values ($1, $2)
     on conflict ("only") do update
       set looked_at_repository = excluded.looked_at_repository,
           looked_at_digest = excluded.looked_at_digest`,
    [repository, digest],
  );
}
