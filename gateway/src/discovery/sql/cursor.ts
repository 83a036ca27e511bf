import { FIRST_PLACE, type ManifestPlace } from "#audit-log/sql/known-manifests.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** The last tag that was compared. */
export interface Cursor {
  readonly repository: string;
  readonly tag: string;
}

/** Comes before every tag. */
export const BEGINNING: Cursor = { repository: "", tag: "" };

/** @returns whether it comes before every tag */
export function isBeginning({ repository, tag }: Cursor): boolean {
  return repository === BEGINNING.repository && tag === BEGINNING.tag;
}

/** How long ago, in seconds, the last pass on any replica has to have begun, and to have ended. */
export interface Rest {
  readonly sinceBegin: number;
  readonly sinceEnd: number;
}

/** @returns whether it was so long ago, or never; times of the future are of a clock that was ahead, and say nothing */
export async function isPassDue(db: Queryable, rest: Rest): Promise<boolean> {
  const { rows } = await db.query<{ due: boolean }>(
    `select coalesce(clock_timestamp() >= greatest(
              case when began_at <= clock_timestamp() then began_at + make_interval(secs => $1) end,
              case when ended_at <= clock_timestamp() then ended_at + make_interval(secs => $2) end), true) as due
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

/** What passes go round and round through, a part each. */
export type Round = "tags" | "manifests";

const ROUND_COLUMNS: Readonly<Record<Round, string>> = {
  tags: "tags_round_at",
  manifests: "manifests_round_at",
};

/**
 * @param db - the pass's session
 * @param round - through what
 * @param seconds - how long ago the last one has to have begun
 * @returns whether a new one may begin; times of the future are of a clock that was ahead, and say nothing
 */
export async function isRoundDue(db: Queryable, round: Round, seconds: number): Promise<boolean> {
  const column = ROUND_COLUMNS[round];
  const { rows } = await db.query<{ due: boolean }>(
    `select ${column} not between clock_timestamp() - make_interval(secs => $1) and clock_timestamp() as due
     from ledger.discovery where ${column} is not null`,
    [seconds],
  );
  return rows[0]?.due ?? true;
}

/** Notes that a round begins now. */
export async function noteRound(db: Queryable, round: Round): Promise<void> {
  const column = ROUND_COLUMNS[round];
  await db.query(
    `insert into ledger.discovery (${column}) values (clock_timestamp())
     on conflict ("only") do update set ${column} = excluded.${column}`,
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
