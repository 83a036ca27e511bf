import type { Queryable } from "#service-kit/db/pool.js";
import type { Point, Taking } from "./points.js";

/** A window that ends later than one that begins now, and not by an attempt at the same time, was begun while the clock was ahead. */
const IS_OVER =
  "(held.expires_at <= now() or held.expires_at > excluded.expires_at + interval '1 minute')";

/** @returns whether the credential holds a point now; the row's lock lets one attempt after the other in */
export async function takePoint(
  db: Queryable,
  { key, credential, most }: Point,
  windowSeconds: number,
): Promise<Taking> {
  const { rows } = await db.query<Taking>(
    `insert into token_server.login_failure as held (key, credentials, bound, expires_at)
     values ($1, array[$2::bigint], $3, now() + $4 * interval '1 second')
     on conflict (key) do update set
       credentials = case
         when ${IS_OVER} then excluded.credentials
         when held.credentials @> excluded.credentials then held.credentials
         when cardinality(held.credentials) >= excluded.bound then held.credentials
         else held.credentials || excluded.credentials end,
       bound = excluded.bound,
       expires_at = case
         when ${IS_OVER} then excluded.expires_at else held.expires_at end
     returning $2::bigint = any(credentials) as taken,
       extract(epoch from expires_at - now())::float8 * 1000 as milliseconds`,
    [key, credential, most, windowSeconds],
    "take-login-point",
  );
  return rows[0] ?? { taken: false, milliseconds: windowSeconds * 1000 };
}

/** Frees the point of a credential. */
export async function giveBackPoint(
  db: Queryable,
  { key, credential }: Pick<Point, "key" | "credential">,
): Promise<void> {
  await db.query(
    `update token_server.login_failure
     set credentials = array_remove(credentials, $2::bigint) where key = $1`,
    [key, credential],
    "give-back-login-point",
  );
}

/** Notes that a credential was right. */
export async function noteSuccess(
  db: Queryable,
  credential: string,
  seconds: number,
): Promise<void> {
  await db.query(
    `insert into token_server.login_success (credential, expires_at)
     values ($1, now() + $2 * interval '1 second')
     on conflict (credential) do update set expires_at = excluded.expires_at`,
    [credential, seconds],
  );
}

/** @returns whether a credential was right of late */
export async function wasRight(db: Queryable, credential: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `select from token_server.login_success where credential = $1 and expires_at > now()`,
    [credential],
  );
  return rowCount === 1;
}

/** Forgets that a credential was right: now it is wrong. */
export async function forgetSuccess(db: Queryable, credential: string): Promise<void> {
  await db.query(`delete from token_server.login_success where credential = $1`, [credential]);
}

/** Deletes what is over, and what replicas of before the second migration leave behind. */
export async function forgetLoginFailures(db: Queryable): Promise<void> {
  await db.query(`delete from token_server.login_failure where expires_at < now()`);
  await db.query(`delete from token_server.login_success where expires_at < now()`);
  await db.query(`delete from token_server.failed_login`);
}
