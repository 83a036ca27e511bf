import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Puller } from "../pull.js";
import type { PullCursor, PullQuery } from "../pull-query.js";

/** How often something was pulled. */
export interface PullTotal {
  readonly pulls: number;
  readonly lastPulledAt: Date | null;
}

/** What is on record of one caller's pulls. */
export interface PullRow extends Puller {
  /** The last few, the latest first. */
  readonly userAgents: readonly string[];
  readonly tag: string | null;
  readonly digest: string;
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
  readonly cursor: PullCursor;
}

/**
 * Of a digest no total is stored: it is what is still on record of its pulls.
 *
 * @param db - pool or transaction
 * @param target - a repository; `tag` and `digest` narrow it, `null`: all of them
 * @returns how often it was pulled, whoever did; `null` when it is not known, nor a pull of it
 */
export async function readPullTotal(
  db: Queryable,
  target: Pick<PullQuery, "repository" | "tag" | "digest">,
): Promise<PullTotal | null> {
  const { repository, tag, digest } = target;
  const total = await readTotalOfTag(db, repository, tag);
  if (total === null || digest === null) return total;
  return readTotalOfDigest(db, repository, tag, digest);
}

async function readTotalOfTag(
  db: Queryable,
  repository: RepositoryName,
  tag: string | null,
): Promise<PullTotal | null> {
  const { rows } = await db.query<PullTotal & { known: boolean }>(
    `select coalesce(sum(count), 0)::float8 as pulls, max(last_at) as "lastPulledAt",
            count(*) > 0 or exists (
              select 1 from ledger.tag
              where repository = $1 and digest is not null and ($2::text is null or name = $2)
            ) as known
     from ledger.pull_total where repository = $1 and ($2::text is null or tag = $2)`,
    [repository, tag],
  );
  return knownTotal(rows[0]);
}

async function readTotalOfDigest(
  db: Queryable,
  repository: RepositoryName,
  tag: string | null,
  digest: string,
): Promise<PullTotal | null> {
  const { rows } = await db.query<PullTotal & { known: boolean }>(
    `select coalesce(sum(count), 0)::float8 as pulls, max(last_at) as "lastPulledAt",
            exists (select 1 from ledger.manifest where repository = $1 and digest = $3)
              or exists (select 1 from ledger.tag where repository = $1 and digest = $3)
              or exists (select 1 from ledger.pull where repository = $1 and digest = $3) as known
     from ledger.pull where repository = $1 and ($2::text is null or tag = $2) and digest = $3`,
    [repository, tag, digest],
  );
  return knownTotal(rows[0]);
}

function knownTotal(row: (PullTotal & { known: boolean }) | undefined): PullTotal | null {
  if (row?.known !== true) return null;
  return { pulls: row.pulls, lastPulledAt: row.lastPulledAt };
}

/**
 * @param db - pool or transaction
 * @param target - what is asked for
 * @returns who pulled, the latest first
 */
export async function readPulls(db: Queryable, target: PullQuery): Promise<PullRow[]> {
  const { repository, tag, digest, since, limit, cursor } = target;
  const { rows } = await db.query<Omit<PullRow, "cursor"> & { caller: string; place: string }>(
    `select nullif(tag, '') as tag, digest, caller, uid, realm, kind, address,
            user_agent as "userAgent",
            case user_agents when '{}' then array[user_agent] else user_agents end as "userAgents", count::float8 as count, first_at as "firstAt",
            last_at as "lastAt",
            to_char(last_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as place
     from ledger.pull
     where repository = $1
       and ($2::text is null or tag = $2) and ($3::text is null or digest = $3)
       and ($4::timestamptz is null or last_at >= $4)
       and ($5::timestamptz is null
            or (last_at, tag, digest, caller) < ($5, $6::text, $7::text, $8::text))
     order by last_at desc, tag desc, digest desc, caller desc limit $9`,
    [
      repository,
      tag,
      digest,
      since,
      cursor?.lastAt ?? null,
      cursor?.tag ?? null,
      cursor?.digest ?? null,
      cursor?.caller ?? null,
      limit,
    ],
  );
  return rows.map(({ caller, place, ...row }) => ({
    ...row,
    cursor: { lastAt: place, tag: row.tag ?? "", digest: row.digest, caller },
  }));
}

/**
 * @param db - pool or transaction
 * @param repository - of which pulls are on record
 * @returns how many records there was no room for, and the pulls that they counted
 */
export async function readLeftOut(
  db: Queryable,
  repository: RepositoryName,
): Promise<{ readonly records: number; readonly pulls: number }> {
  const { rows } = await db.query<{ records: number; pulls: number }>(
    `select records::float8 as records, pulls::float8 as pulls
     from ledger.pull_left_out where repository = $1`,
    [repository],
  );
  return rows[0] ?? { records: 0, pulls: 0 };
}
