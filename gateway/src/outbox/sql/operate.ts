import type { Database, Queryable } from "#service-kit/db/pool.js";
import { APPEND_AGAIN } from "./append-again.js";
import { replayDead, type Progress } from "./dead-letters.js";
import { SELECTED, valuesOf, type Selection } from "./selection.js";

/** Queues that are changed by one statement, which holds up pushes to their repositories. */
const QUEUES_AT_ONCE = 500;

/**
 * Puts events at the end of the queues that they have been in, some queues or deliveries at a time. What was put
 * there stays when it is interrupted.
 *
 * @param db - pool
 * @param selection - which
 * @param options - `dead`: only those that were given up; they stop being dead, and `since` and `event` do not count
 * @param progress - told after each part
 * @returns how many deliveries were added
 */
export async function replay(
  db: Database,
  selection: Selection,
  { dead }: { readonly dead: boolean },
  progress: Progress = () => undefined,
): Promise<number> {
  if (dead) return replayDead(db, selection, progress);
  return inParts(await queuesOf(db, selection), (queues) => replayQueues(db, selection, queues));
}

async function inParts(
  queues: readonly QueueKey[],
  work: (part: readonly QueueKey[]) => Promise<number>,
): Promise<number> {
  let done = 0;
  for (let from = 0; from < queues.length; from += QUEUES_AT_ONCE)
    done += await work(queues.slice(from, from + QUEUES_AT_ONCE));
  return done;
}

interface QueueKey {
  readonly sink: string;
  readonly repository: string;
}

/** @returns their sinks and their repositories, as statements take them */
function keysOf(queues: readonly QueueKey[]): [string[], string[]] {
  return [queues.map(({ sink }) => sink), queues.map(({ repository }) => repository)];
}

async function queuesOf(db: Queryable, { sink, repository }: Selection): Promise<QueueKey[]> {
  const { rows } = await db.query<QueueKey>(
    `select sink, repository from ledger.outbox
     where ($1::text is null or sink = $1) and ($2::text is null or repository = $2)
     order by repository, sink`,
    [sink ?? null, repository ?? null],
  );
  return rows;
}

async function replayQueues(
  db: Database,
  selection: Selection,
  queues: readonly QueueKey[],
): Promise<number> {
  const { rowCount } = await db.query(
    `with chosen as (
       select delivery.sink, delivery.repository, delivery.event, min(delivery.position) as position,
              bool_or(delivery.state = 'waiting') as waits
       from unnest($5::text[], $6::text[]) as wanted (sink, repository)
       join ledger.delivery using (sink, repository)
       join ledger.event on event.id = delivery.event
       where ${SELECTED}
       group by delivery.sink, delivery.repository, delivery.event
     ), again as (
       select *, row_number() over (partition by sink, repository order by position) as place
       from chosen where not waits
     ), revived as (
       delete from ledger.delivery using again
       where delivery.state = 'dead' and delivery.sink = again.sink
         and delivery.repository = again.repository and delivery.event = again.event
     ), ${APPEND_AGAIN}`,
    [...valuesOf(selection), ...keysOf(queues)],
  );
  return rowCount ?? 0;
}

/**
 * Empties the queues of a sink, and what waits beside them, as for one that is in no configuration any more.
 *
 * @param db - pool
 * @param selection - a sink, and a repository if only its queue is meant
 * @returns how many deliveries waited
 */
export async function discardWaiting(
  db: Database,
  selection: Pick<Selection, "repository"> & { readonly sink: string },
): Promise<number> {
  return inParts(await queuesOf(db, selection), (queues) => {
    const keys = keysOf(queues);
    return db.transaction(async (tx) => {
      // By a statement of its own: what comes into a queue until it is held is seen by the next one alone.
      await tx.query(
        `select from ledger.outbox as held
         join unnest($1::text[], $2::text[]) as wanted (sink, repository) using (sink, repository)
         order by held.repository, held.sink for no key update of held`,
        keys,
      );
      const { rowCount } = await tx.query(
        `with queue as (
           update ledger.outbox as held
           set done_position = last_position, claim = null, attempts = 0, last_error = null,
               refusals = 0, refused_since = null
           from unnest($1::text[], $2::text[]) as wanted (sink, repository)
           where held.sink = wanted.sink and held.repository = wanted.repository
           returning held.sink, held.repository
         )
         delete from ledger.delivery using queue
         where delivery.state = 'waiting' and delivery.sink = queue.sink
           and delivery.repository = queue.repository`,
        keys,
      );
      return rowCount ?? 0;
    });
  });
}
