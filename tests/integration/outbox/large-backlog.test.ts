import { describe, expect, test } from "@jest/globals";
import { discardDead, DELIVERIES_AT_ONCE } from "#gateway/outbox/sql/dead-letters.js";
import { replay } from "#gateway/outbox/sql/operate.js";
import type { Database } from "#service-kit/db/pool.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import { fillWithDead } from "./support/backlog.js";
import { useLedger } from "#tests/support/use-ledger.js";

const LONG = 2 * DELIVERIES_AT_ONCE + 10;

let ledger: StartedLedger;
let db: Database;

useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});

describe("a large backlog of dead letters", () => {
  test.each([
    ["of one queue", 1, LONG],
    ["of many queues", 300, 40],
  ])("%s is replayed some at a time, each queue in its order", async (_, queues, each) => {
    await fillWithDead(db, queues, each);
    const steps: number[] = [];
    const total = queues * each;
    expect(await replay(db, {}, { dead: true }, (done) => steps.push(done))).toBe(total);
    expect(steps.length).toBeGreaterThan(2);
    expect(steps.at(-1)).toBe(total);
    expect(await tally()).toEqual({ waiting: total, misplaced: 0 });
    expect(await replay(db, {}, { dead: true })).toBe(0);
  });

  test("goes on where it was, when its replay was interrupted and is run again", async () => {
    await fillWithDead(db, 1, LONG);
    await expect(replay(failingAfterOnePage(), {}, { dead: true })).rejects.toThrow("cut off");
    expect(await tally()).toMatchObject({ waiting: DELIVERIES_AT_ONCE, misplaced: 0 });
    expect(await replay(db, {}, { dead: true })).toBe(LONG - DELIVERIES_AT_ONCE);
    expect(await tally()).toEqual({ waiting: LONG, misplaced: 0 });
  });

  test("is replayed once by two operators at once", async () => {
    await fillWithDead(db, 20, 1_000);
    const both = await Promise.all([1, 2].map(() => replay(db, {}, { dead: true })));
    expect((both[0] ?? 0) + (both[1] ?? 0)).toBe(20_000);
    expect(await tally()).toMatchObject({ waiting: 20_000 });
  });

  test("is discarded some at a time", async () => {
    await fillWithDead(db, 3, LONG);
    const steps: number[] = [];
    const repository = "alpha/app-2";
    expect(await discardDead(db, { repository }, (done) => steps.push(done))).toBe(LONG);
    expect(steps).toEqual([DELIVERIES_AT_ONCE, 2 * DELIVERIES_AT_ONCE, LONG]);
    expect(await tally()).toEqual({ dead: 2 * LONG, misplaced: 0 });
  });
});

/** @returns how many deliveries there are by state, and how many wait at a place that is not theirs */
async function tally(): Promise<Record<string, number | null>> {
  const { rows } = await db.query<{ state: string; count: number }>(
    "select state, count(*)::int from ledger.delivery group by state",
  );
  const { rowCount: misplaced } = await db.query(
    `with waiting as (
       select position, held.done_position + row_number() over (
                partition by held.repository order by event.tag::int) as wanted
       from ledger.delivery join ledger.event on event.id = delivery.event
       join ledger.outbox as held on held.repository = delivery.repository
       where delivery.state = 'waiting'
     ) select from waiting where position <> wanted`,
  );
  return { ...Object.fromEntries(rows.map(({ state, count }) => [state, count])), misplaced };
}

/** @returns a pool whose second page fails */
function failingAfterOnePage(): Database {
  let pages = 0;
  return {
    ...db,
    query: (sql, ...more) => {
      if (sql.startsWith("with page") && (pages += 1) > 1)
        return Promise.reject(new Error("cut off"));
      return db.query(sql, ...more);
    },
  };
}
