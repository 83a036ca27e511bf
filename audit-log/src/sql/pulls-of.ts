import type { Queryable } from "#service-kit/db/pool.js";

/** An image as pulls are looked for. */
export interface PulledImage {
  /** `null`: in any. */
  readonly repository: string | null;
  readonly digests: readonly string[];
}

/** A stretch of time: from the first moment to before the last. */
export interface Stretch {
  readonly from: Date | null;
  readonly to: Date | null;
}

/** Pulls of one caller. */
export interface PullsOfCaller {
  readonly repository: string;
  /** `null`: by digest alone. */
  readonly tag: string | null;
  readonly digest: string;
  readonly uid: string;
  readonly realm: string;
  readonly kind: string;
  readonly address: string;
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Told by the day where days are on record; the rest, of before that was done, as it was counted in all. */
const PULLS = `
  select repository, tag, digest, uid, realm, kind, address, count, first_at, last_at
    from ledger.pull_day
  union all
  select repository, tag, digest, uid, realm, kind, address, count, first_at, last_at
    from ledger.pull where not exists (
      select from ledger.pull_day as by_day
      where by_day.repository = pull.repository and by_day.tag = pull.tag
        and by_day.digest = pull.digest and by_day.caller = pull.caller)`;
const WITHIN = `($1::timestamptz is null or last_at >= $1) and ($2::timestamptz is null or first_at < $2)`;
const WHO = "uid, realm, kind, address";

/**
 * @param db - the ledger
 * @param image - what was pulled
 * @param stretch - when
 * @param limit - so many at most
 * @returns who pulled it, the latest first
 */
export async function readPullsOf(
  db: Queryable,
  image: PulledImage,
  { from, to }: Stretch,
  limit: number,
): Promise<PullsOfCaller[]> {
  const { rows } = await db.query<PullsOfCaller>(
    `select repository, nullif(tag, '') as tag, digest, ${WHO}, sum(count)::float8 as count,
            min(first_at) as "firstAt", max(last_at) as "lastAt"
     from (${PULLS}) as pulled
     where ${WITHIN} and ($3::text is null or repository = $3) and digest = any($4::text[])
     group by repository, tag, digest, ${WHO}
     order by "lastAt" desc, repository, tag, digest, ${WHO} limit $5`,
    [from, to, image.repository, image.digests, limit],
  );
  return rows;
}

/**
 * @param db - the ledger
 * @param stretch - when
 * @param limit - so many at most
 * @returns of everybody how often they pulled, whatever it was; most first
 */
export async function readPullsByName(
  db: Queryable,
  { from, to }: Stretch,
  limit: number,
): Promise<Pick<PullsOfCaller, "uid" | "realm" | "kind" | "count" | "firstAt" | "lastAt">[]> {
  const { rows } = await db.query<PullsOfCaller>(
    `select uid, realm, kind, sum(count)::float8 as count, min(first_at) as "firstAt", max(last_at) as "lastAt"
     from (${PULLS}) as pulled where ${WITHIN}
     group by uid, realm, kind order by sum(count) desc, uid, realm, kind limit $3`,
    [from, to, limit],
  );
  return rows;
}

/** @returns of these repositories how much there was no room for */
export async function readLeftOutOf(
  db: Queryable,
  repositories: readonly string[],
): Promise<{ readonly repository: string; readonly records: number; readonly pulls: number }[]> {
  const { rows } = await db.query<{ repository: string; records: number; pulls: number }>(
    `select repository, records::float8 as records, pulls::float8 as pulls
     from ledger.pull_left_out where repository = any($1::text[]) order by repository`,
    [repositories],
  );
  return rows;
}

/** @returns the indexes that a manifest is in, wherever or in one repository, each once */
export async function readIndexesWith(
  db: Queryable,
  digest: string,
  repository: string | null,
): Promise<string[]> {
  const { rows } = await db.query<{ digest: string }>(
    `select digest from ledger.manifest_link as link
     where link.children @> array[ledger.digest_bytes($1)]
       and ($2::text is null or repository = $2)
     union
     select digest from ledger.manifest_reference as old
     where old.target = $1 and old.kind = 'child' and ($2::text is null or repository = $2)`,
    [digest, repository],
  );
  return rows.map((row) => row.digest);
}

/** @returns first and last day of which there are pulls by the day; `null`: none */
export async function daysOnRecord(
  db: Queryable,
): Promise<{ readonly first: string | null; readonly last: string | null }> {
  const { rows } = await db.query<{ first: string | null; last: string | null }>(
    `select to_char(min(day), 'YYYY-MM-DD') as first, to_char(max(day), 'YYYY-MM-DD') as last
     from ledger.pull_day`,
  );
  return rows[0] ?? { first: null, last: null };
}
