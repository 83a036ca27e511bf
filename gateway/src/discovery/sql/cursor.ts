import { FIRST_PLACE, type ManifestPlace } from "#audit-log/sql/known-manifests.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** The last tag that was compared. */
export interface Cursor {
  readonly repository: string;
  readonly tag: string;
}

/** Comes before every tag. */
export const BEGINNING: Cursor = { repository: "", tag: "" };

/** @returns seconds since the last pass began, on any replica, or `null` when none ever did */
export async function secondsSincePass(db: Queryable): Promise<number | null> {
  const { rows } = await db.query<{ seconds: number }>(
    `select extract(epoch from clock_timestamp() - began_at)::float8 as seconds from ledger.discovery`,
  );
  return rows[0]?.seconds ?? null;
}

/** Notes that a pass begins now. */
export async function notePass(db: Queryable): Promise<void> {
  await db.query(
    `insert into ledger.discovery default values
     on conflict ("only") do update set began_at = excluded.began_at`,
  );
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
