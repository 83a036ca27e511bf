import type { Queryable } from "#service-kit/db/pool.js";
import { databaseTime } from "#service-kit/db/time.js";
import { APPEND_AGAIN } from "./append-again.js";
import { SELECTED, valuesOf, type Selection } from "./selection.js";

/** Deliveries that one transaction takes: it stays far below what a statement may take. */
export const DELIVERIES_AT_ONCE = 5_000;

/** Told of how many deliveries were changed so far. */
export type Progress = (done: number) => void;

/**
 * Puts dead letters at the end of the queues that they were in, in their order there, some at a time. What was
 * put there stays when it is interrupted.
 *
 * @param db - pool
 * @param selection - of which sink and repository
 * @param progress - told after each part
 * @returns how many events wait again
 */
export async function replayDead(
  db: Queryable,
  { sink, repository }: Pick<Selection, "sink" | "repository">,
  progress: Progress,
): Promise<number> {
  const began = await databaseTime(db);
  let done = 0;
  for (const name of sink === undefined ? await sinksOf(db) : [sink]) {
    const next = () => replayPage(db, { sink: name, repository }, began);
    const before = done;
    done += await untilNone(next, (part) => {
      progress(before + part);
    });
  }
  return done;
}

/** Of one sink alone: with two queues of a repository it could wait in a circle with a push. */
async function replayPage(
  db: Queryable,
  { sink, repository }: { readonly sink: string; readonly repository: string | undefined },
  began: string,
): Promise<number> {
  const { rowCount } = await db.query(
    `with page as materialized (
       select repository, position, event from ledger.delivery
       where state = 'dead' and sink = $1 and ($2::text is null or repository = $2)
         and settled_at <= $3::timestamptz
       order by repository, position limit ${DELIVERIES_AT_ONCE}
     ), revived as (
       delete from ledger.delivery using page
       where delivery.sink = $1 and delivery.repository = page.repository
         and delivery.position = page.position
       returning page.repository, page.position, page.event
     ), again as (
       select $1::text as sink, repository, event,
              row_number() over (partition by repository order by min(position)) as place
       from revived group by repository, event
     ), ${APPEND_AGAIN}`,
    [sink, repository ?? null, began],
  );
  return rowCount ?? 0;
}

/** What fails while it is worked on gets a later date, so this ends. */
async function untilNone(work: () => Promise<number>, progress: Progress): Promise<number> {
  let done = 0;
  for (let part = await work(); part > 0; part = await work()) {
    done += part;
    progress(done);
  }
  return done;
}

async function sinksOf(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ sink: string }>(
    "select distinct sink from ledger.outbox order by sink",
  );
  return rows.map(({ sink }) => sink);
}

/**
 * Takes dead deliveries off the books, some at a time. The events stay on record in the audit log.
 *
 * @param db - pool
 * @param selection - which
 * @param progress - told after each part
 * @returns how many there were
 */
export async function discardDead(
  db: Queryable,
  selection: Selection,
  progress: Progress = () => undefined,
): Promise<number> {
  const began = await databaseTime(db);
  const next = async () => {
    const { rowCount } = await db.query(
      `with page as materialized (
         select delivery.sink, delivery.repository, delivery.position
         from ledger.delivery join ledger.event on event.id = delivery.event
         where delivery.state = 'dead' and delivery.settled_at <= $5::timestamptz and ${SELECTED}
         limit ${DELIVERIES_AT_ONCE}
       )
       delete from ledger.delivery using page
       where delivery.sink = page.sink and delivery.repository = page.repository
         and delivery.position = page.position`,
      [...valuesOf(selection), began],
    );
    return rowCount ?? 0;
  };
  return untilNone(next, progress);
}
