import type { Queryable } from "#service-kit/db/pool.js";
import { OPEN_DAY } from "./open-day.js";

/** Addresses that are kept of one name, for each tag and digest that it pulls. */
const MOST_ADDRESSES = 1_000;
/** What is kept of one repository, which has as many digests as somebody cares to push. */
const MOST_OF_REPOSITORY = 50_000;
/** So many more are let be until they are looked at, since that takes a while. */
const SLACK = 1_000;

/** Of what, and whose, there is a new record. */
export interface Recorded {
  readonly repository: string;
  readonly tag: string;
  readonly digest: string;
  readonly uid: string;
  readonly realm: string;
  readonly kind: string;
}

/**
 * Forgets what is too much, and counts it. What goes are the oldest records of whoever has the most: nobody pushes out another
 * who has less.
 *
 * @param tx - a transaction that holds the lock of pulls
 * @param recorded - new records
 */
export async function boundPulls(tx: Queryable, recorded: readonly Recorded[]): Promise<void> {
  await boundAddresses(tx, recorded);
  await boundRepositories(tx, [...new Set(recorded.map(({ repository }) => repository))]);
}

/** Each digest has its own bound, and so has each who pulls it. */
async function boundAddresses(tx: Queryable, recorded: readonly Recorded[]): Promise<void> {
  await tx.query(
    `with wanted as (
       select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
         as wanted (repository, tag, digest, uid, realm, kind)
     ), too_many as (
       select oldest.place from wanted cross join lateral (
         select ctid as place from ledger.pull
         where pull.repository = wanted.repository and pull.tag = wanted.tag and pull.digest = wanted.digest
           and pull.uid = wanted.uid and pull.realm = wanted.realm and pull.kind = wanted.kind
         order by last_at desc offset $7
       ) as oldest
     ), ${leavingOut("too_many")}`,
    [
      recorded.map(({ repository }) => repository),
      recorded.map(({ tag }) => tag),
      recorded.map(({ digest }) => digest),
      recorded.map(({ uid }) => uid),
      recorded.map(({ realm }) => realm),
      recorded.map(({ kind }) => kind),
      MOST_ADDRESSES,
    ],
  );
}

async function boundRepositories(tx: Queryable, repositories: readonly string[]): Promise<void> {
  const { rows } = await tx.query<{ repository: string }>(
    `select repository from unnest($1::text[]) as wanted (repository) cross join lateral (
       select count(*) as records from (
         select from ledger.pull where pull.repository = wanted.repository limit $2::int + 1
       ) as counted
     ) as many where records > $2`,
    [repositories, MOST_OF_REPOSITORY + SLACK],
  );
  if (rows.length === 0) return;
  await tx.query(
    `with ranked as (
       select ctid as place, repository, last_at,
              row_number() over (partition by repository, uid, realm, kind order by last_at desc) as of_one
       from ledger.pull where repository = any ($1)
     ), too_many as (
       select place from (
         select place, row_number() over (partition by repository order by of_one, last_at desc) as rank from ranked
       ) as fairly where rank > $2
     ), ${leavingOut("too_many")}`,
    [rows.map(({ repository }) => repository), MOST_OF_REPOSITORY],
  );
}

/** @returns the end of a statement that forgets what a table of places names, also of the day that is not over */
function leavingOut(places: string): string {
  return `gone as (
       delete from ledger.pull where ctid = any (array(select place from ${places}))
       returning repository, tag, digest, caller, count, last_at
     ), not_today as (
       delete from ledger.pull_day as held using gone
       where held.day = ${OPEN_DAY} and held.repository = gone.repository and held.tag = gone.tag
         and held.digest = gone.digest and held.caller = gone.caller
     )
     insert into ledger.pull_left_out as held (repository, records, pulls, last_at)
     select repository, count(*), sum(count), max(last_at) from gone group by repository
     on conflict (repository) do update
       set records = held.records + excluded.records, pulls = held.pulls + excluded.pulls,
           last_at = greatest(held.last_at, excluded.last_at)`;
}
