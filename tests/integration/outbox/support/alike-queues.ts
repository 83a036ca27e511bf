import { claimQueue, settleDelivery, type ClaimedQueue, type Settlement } from "#gateway/outbox/sql/deliver.js"; // prettier-ignore
import type { Database } from "#service-kit/db/pool.js";
import { announcePush, keepingSink, LEASE } from "./outbox.js";

/** Two sinks and two repositories: four queues that are alike, each of which has two events. */
export const ONE = keepingSink("one");
export const OTHER = keepingSink("other");
export const REPOSITORIES = ["alpha/app", "alpha/shop"];
export const ALL = [
  ...["one alpha/app 1", "one alpha/app 2", "one alpha/shop 1", "one alpha/shop 2"],
  ...["other alpha/app 1", "other alpha/app 2", "other alpha/shop 1", "other alpha/shop 2"],
];
/** What is the first of each queue. */
export const FIRSTS = ALL.filter((row) => row.endsWith("1"));

/** @returns rows but for those that are gone */
export function without(rows: readonly string[], ...gone: string[]): string[] {
  return rows.filter((row) => !gone.includes(row));
}

/** Fills the queues. */
export async function announceAll(db: Database): Promise<void> {
  for (const repository of REPOSITORIES)
    for (const tag of ["first", "second"])
      await announcePush(db, [ONE, OTHER], { repository, tag });
}

/**
 * @param db - the ledger
 * @param from - a table of the outbox, and which of its rows
 * @returns them by sink, repository and place
 */
export async function rowsOf(db: Database, from: string): Promise<string[]> {
  const { rows } = await db.query<{ row: string }>(
    `select sink || ' ' || repository || ' ' || position as row from ledger.${from} order by 1`,
  );
  return rows.map(({ row }) => row);
}

/** Does something with each queue of a sink. */
export async function eachQueue(
  db: Database,
  sink: typeof ONE,
  act: (queue: ClaimedQueue) => Promise<unknown>,
): Promise<void> {
  for (let i = 0; i < REPOSITORIES.length; i += 1) {
    const queue = await claimQueue(db, sink, { leaseSeconds: LEASE, most: 2 });
    if (queue === null) throw new Error("no queue is due");
    await act(queue);
  }
}

/** Settles all there is. */
export async function settleAll(db: Database, how: Settlement): Promise<void> {
  const settle = (sink: typeof ONE) =>
    eachQueue(db, sink, async (queue) => {
      for (const position of [1, 2]) await settleDelivery(db, queue, position, how, LEASE);
    });
  await Promise.all([ONE, OTHER].map(settle));
}
