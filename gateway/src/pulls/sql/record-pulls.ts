import { createHash } from "node:crypto";
import { WORK_LOCKS } from "#service-kit/db/locks.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { MOST_USER_AGENTS, type CountedPulls } from "../pull.js";
import { boundPulls, type Recorded } from "./bound-pulls.js";
import { OPEN_DAY } from "./open-day.js";

/**
 * Adds pulls to what is known, and to the day's: the one that the database's clock says, or the one after the last that is
 * over already.
 *
 * @param tx - a transaction
 * @param pulls - each different from the others in more than its time and program
 */
export async function recordPulls(tx: Queryable, pulls: readonly CountedPulls[]): Promise<void> {
  if (pulls.length === 0) return;
  await tx.query("select pg_advisory_xact_lock($1)", [WORK_LOCKS.pulls]);
  const { rows } = await tx.query<Recorded>(
    `with pulled as (
       -- A gateway's own clock may be ahead: nothing was pulled later than now.
       select repository, tag, digest, caller, uid, realm, kind, address, user_agents[1] as user_agent, user_agents, count,
              least(first_at, clock_timestamp()) as first_at, least(last_at, clock_timestamp()) as last_at
       from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[],
                   $7::text[], $8::text[], $9::jsonb[], $10::bigint[], $11::timestamptz[], $12::timestamptz[])
         as pulled (repository, tag, digest, caller, uid, realm, kind, address, agents, count, first_at, last_at)
         cross join lateral (select array(select jsonb_array_elements_text(agents)) as user_agents) as listed
     ), total as (
       insert into ledger.pull_total as held (repository, tag, count, last_at)
       select repository, tag, sum(count), max(last_at) from pulled group by repository, tag
       on conflict (repository, tag) do update
         set count = held.count + excluded.count, last_at = greatest(held.last_at, excluded.last_at)
     ), today as (
       insert into ledger.pull_day as held
         (day, repository, tag, digest, caller, uid, realm, kind, address, count, first_at, last_at)
       select ${OPEN_DAY}, repository, tag, digest, caller, uid, realm, kind, address, count, first_at, last_at from pulled
       on conflict (day, repository, tag, digest, caller) do update
         set count = held.count + excluded.count,
             first_at = least(held.first_at, excluded.first_at), last_at = greatest(held.last_at, excluded.last_at)
     ), kept as (
       insert into ledger.pull as held
         (repository, tag, digest, caller, uid, realm, kind, address, user_agent, user_agents, count, first_at, last_at)
       select repository, tag, digest, caller, uid, realm, kind, address, user_agent, user_agents, count, first_at, last_at
       from pulled
       on conflict (repository, tag, digest, caller) do update
         set count = held.count + excluded.count,
             user_agent = excluded.user_agent,
             user_agents = array(
               select agent from (
                 select agent, min(place) as place
                 from unnest(excluded.user_agents || held.user_agents) with ordinality as seen (agent, place)
                 group by agent
               ) as once order by place limit $13),
             first_at = least(held.first_at, excluded.first_at),
             last_at = greatest(held.last_at, excluded.last_at)
       returning repository, tag, digest, uid, realm, kind, xmax = 0 as is_new
     )
     select distinct repository, tag, digest, uid, realm, kind from kept where is_new`,
    [...columnsOf(pulls), MOST_USER_AGENTS],
  );
  if (rows.length > 0) await boundPulls(tx, rows);
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
    pulls.map(({ userAgents }) => JSON.stringify(userAgents)),
    pulls.map(({ count }) => count),
    pulls.map(({ firstAt }) => firstAt),
    pulls.map(({ lastAt }) => lastAt),
  ];
}

function callerHash({ uid, realm, kind, address }: CountedPulls): string {
  return createHash("sha256")
    .update(JSON.stringify([uid, realm, kind, address]))
    .digest("base64url");
}
