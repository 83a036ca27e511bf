import type { Queryable } from "#service-kit/db/pool.js";

/** Whose star it is. */
export interface StarKey {
  readonly repository: string;
  readonly realm: string;
  readonly uid: string;
}

/**
 * Gives a star, or takes it back; the row of the repository settles whose turn it is.
 *
 * @param tx - a transaction
 * @param key - whose star, and of what
 * @param isGiven - whether it is there afterwards
 * @returns whether there is such a repository; a star that is as it should be already is left so
 */
export async function putStar(
  tx: Queryable,
  { repository, realm, uid }: StarKey,
  isGiven: boolean,
): Promise<boolean> {
  const held = await tx.query("select from ledger.repository where name = $1 for update", [
    repository,
  ]);
  if (held.rowCount === 0) return false;
  const change = isGiven
    ? "insert into ledger.star (repository, realm, uid) values ($1, $2, $3) on conflict do nothing returning 1"
    : "delete from ledger.star where repository = $1 and realm = $2 and uid = $3 returning 1";
  await tx.query(
    `with changed as (${change})
     update ledger.repository set stars = stars ${isGiven ? "+" : "-"} 1
     where name = $1 and exists (select from changed)`,
    [repository, realm, uid],
  );
  return true;
}

/** @returns whether it is there */
export async function isStarGiven(
  db: Queryable,
  { repository, realm, uid }: StarKey,
): Promise<boolean> {
  const { rowCount } = await db.query(
    "select from ledger.star where repository = $1 and realm = $2 and uid = $3",
    [repository, realm, uid],
  );
  return rowCount === 1;
}
