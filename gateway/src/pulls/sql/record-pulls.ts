import { createHash } from "node:crypto";
import { WORK_LOCKS } from "#service-kit/db/locks.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { parentsOf } from "../../ledger/sql/manifest-links.js";
import type { CountedPulls, Puller } from "../pull.js";

/** Different callers that are kept of one tag and digest; of more the oldest are forgotten, the total stays. */
const MOST_CALLERS = 1_000;
/** What is kept of one repository, which has as many digests as somebody cares to push. */
const MOST_OF_REPOSITORY = 50_000;

/** What callers pulled. */
interface Pulled {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
}

/**
 * Adds pulls to what is known.
 *
 * @param tx - a transaction
 * @param pulls - each different from the others in more than its time
 */
export async function recordPulls(tx: Queryable, pulls: readonly CountedPulls[]): Promise<void> {
  if (pulls.length === 0) return;
  await tx.query("select pg_advisory_xact_lock($1)", [WORK_LOCKS.pulls]);
  const { rows } = await tx.query<Pulled>(
    `with pulled as (
       -- A gateway's own clock may be ahead: nothing was pulled later than now.
       select repository, tag, digest, caller, uid, realm, kind, address, user_agent, count,
              least(first_at, clock_timestamp()) as first_at, least(last_at, clock_timestamp()) as last_at
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                            $7::text[], $8::text[], $9::text[], $10::bigint[],
                            $11::timestamptz[], $12::timestamptz[])
         as pulled (repository, tag, digest, caller, uid, realm, kind, address, user_agent, count,
                    first_at, last_at)
     ), total as (
       insert into ledger.pull_total as held (repository, tag, count, last_at)
       select repository, tag, sum(count), max(last_at) from pulled group by repository, tag
       on conflict (repository, tag) do update
         set count = held.count + excluded.count, last_at = greatest(held.last_at, excluded.last_at)
     ), kept as (
       insert into ledger.pull as held
         (repository, tag, digest, caller, uid, realm, kind, address, user_agent, count, first_at,
          last_at)
       select * from pulled
       on conflict (repository, tag, digest, caller) do update
         set count = held.count + excluded.count,
             first_at = least(held.first_at, excluded.first_at),
             last_at = greatest(held.last_at, excluded.last_at)
       returning repository, tag, digest, xmax = 0 as is_new
     )
     select distinct repository, tag, digest from kept where is_new`,
    columnsOf(pulls),
  );
  if (rows.length === 0) return;
  await dropOldestCallers(tx, rows);
  await dropOldestOfRepositories(tx, [...new Set(rows.map(({ repository }) => repository))]);
}

/** Each digest has its own bound: many callers of one do not push out who pulled another. */
async function dropOldestCallers(tx: Queryable, pulled: readonly Pulled[]): Promise<void> {
  await tx.query(
    `with wanted as (
       select * from unnest($1::text[], $2::text[], $3::text[]) as wanted (repository, tag, digest)
     )
     delete from ledger.pull using (
       select pull.ctid as place,
              row_number() over (
                partition by pull.repository, pull.tag, pull.digest order by last_at desc
              ) as rank
       from ledger.pull join wanted using (repository, tag, digest)
     ) as ranked
     where pull.ctid = ranked.place and ranked.rank > $4`,
    [
      pulled.map(({ repository }) => repository),
      pulled.map(({ tag }) => tag),
      pulled.map(({ digest }) => digest),
      MOST_CALLERS,
    ],
  );
}

async function dropOldestOfRepositories(
  tx: Queryable,
  repositories: readonly string[],
): Promise<void> {
  await tx.query(
    `delete from ledger.pull where ctid = any (array(
       select oldest.place from unnest($1::text[]) as wanted (repository) cross join lateral (
         select ctid as place from ledger.pull where repository = wanted.repository
         order by last_at desc offset $2
       ) as oldest))`,
    [repositories, MOST_OF_REPOSITORY],
  );
}

const PRUNE_BATCH = 10_000;

/**
 * Forgets what is old, a part of it at a time: a statement has ten seconds.
 *
 * @param db - pool or transaction
 * @param days - how long a pull is kept after the last of its kind
 * @returns how many were forgotten; 0 when none is old any more
 */
export async function prunePulls(db: Queryable, days: number): Promise<number> {
  const { rowCount } = await db.query(
    `delete from ledger.pull where ctid = any (array(
       select ctid from ledger.pull where last_at < now() - $1 * interval '1 day' limit $2))`,
    [days, PRUNE_BATCH],
  );
  return rowCount ?? 0;
}

/**
 * @param db - pool or transaction
 * @param manifests - manifests by repository and digest
 * @returns of each that is a child of indexes, the digests of these, by {@link childKey}
 */
export async function readParents(
  db: Queryable,
  manifests: readonly { readonly repository: string; readonly digest: string }[],
): Promise<Map<string, string[]>> {
  const parents = new Map<string, string[]>();
  if (manifests.length === 0) return parents;
  const { rows } = await db.query<{ repository: string; child: string; parent: string }>(
    `select distinct asked.repository, asked.digest as child, above.digest as parent
     from unnest($1::text[], $2::text[]) as asked (repository, digest) cross join lateral (
       ${parentsOf("asked.digest", "asked.repository")}
     ) as above`,
    [manifests.map(({ repository }) => repository), manifests.map(({ digest }) => digest)],
  );
  for (const { repository, child, parent } of rows) {
    const key = childKey(repository, child);
    parents.set(key, [...(parents.get(key) ?? []), parent]);
  }
  return parents;
}

/** @returns key of a manifest in what {@link readParents} returns */
export function childKey(repository: string, digest: string): string {
  return `${repository}@${digest}`;
}

function columnsOf(pulls: readonly CountedPulls[]): unknown[] {
  return [
    pulls.map(({ repository }) => repository),
    pulls.map(({ tag }) => tag ?? ""),
    pulls.map(({ digest }) => digest),
    pulls.map(callerHash),
    pulls.map(({ uid }) => uid),
    pulls.map(({ realm }) => realm),
    pulls.map(({ kind }) => kind),
    pulls.map(({ address }) => address),
    pulls.map(({ userAgent }) => userAgent),
    pulls.map(({ count }) => count),
    pulls.map(({ firstAt }) => firstAt),
    pulls.map(({ lastAt }) => lastAt),
  ];
}

function callerHash({ uid, realm, kind, address, userAgent }: Puller): string {
  const text = JSON.stringify([uid, realm, kind, address, userAgent]);
  return createHash("sha256").update(text).digest("base64url");
}
