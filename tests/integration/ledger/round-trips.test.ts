import { beforeEach, describe, expect, test } from "@jest/globals";
import { pushTag, type TagPush } from "#gateway/ledger/push-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import {
  pushDeps,
  tagKeeper,
  tagPush,
  type TagKeeper,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

/** What a push costs beside its own bytes. */
interface Cost {
  /** Waits for an answer of Postgres, `begin` and `commit` included. */
  roundTrips: number;
  /** Commits that wait for the disk. */
  flushes: number;
  /** Questions to the registry before the manifest is sent. */
  questions: number;
}

let db: Database;
let cost: Cost;
let keeper: TagKeeper;
let deps: TestPushDeps;

useLedger((_ledger, opened) => {
  db = opened;
});
beforeEach(() => {
  cost = { roundTrips: 0, flushes: 0, questions: 0 };
  keeper = tagKeeper();
  deps = pushDeps(counted(db));
});

describe("a push, as docs/performance.md says,", () => {
  test("of a new tag costs so many round trips, and waits for the disk once", async () => {
    await pushTag(deps, ...pushOf(tagPush("first", { tag: "0.9" })));
    expect(await costOf(tagPush("a"))).toEqual({ roundTrips: 9, flushes: 1, questions: 1 });
  });

  test("of a tag that may change, again, asks the registry nothing before", async () => {
    await pushTag(deps, ...pushOf(tagPush("a", { tag: "1-SNAPSHOT" })));
    const again = await costOf(tagPush("b", { tag: "1-SNAPSHOT" }));
    expect(again).toEqual({ roundTrips: 9, flushes: 1, questions: 0 });
  });

  test("of what stands already costs three statements, and waits for no disk", async () => {
    await pushTag(deps, ...pushOf(tagPush("a")));
    expect(await costOf(tagPush("a"))).toEqual({ roundTrips: 3, flushes: 0, questions: 1 });
  });
});

async function costOf(push: TagPush): Promise<Cost> {
  cost = { roundTrips: 0, flushes: 0, questions: 0 };
  await pushTag(deps, ...pushOf(push));
  return cost;
}

function pushOf(push: TagPush): [TagPush, ReturnType<TagKeeper["transport"]>] {
  const transport = keeper.transport(push);
  const currentDigest = () => {
    cost.questions += 1;
    return transport.currentDigest();
  };
  return [push, { ...transport, currentDigest }];
}

/** Each transaction that changes something waits for the disk, unless it says that it does not. */
function counted(pool: Database): Database {
  return {
    ...pool,
    query: async (sql, ...rest) => {
      cost.roundTrips += 1;
      if (!/^\s*select/.test(sql) && !sql.includes("synchronous_commit")) cost.flushes += 1;
      return pool.query(sql, ...rest);
    },
    transaction: (work, about) =>
      pool.transaction(async (tx) => {
        cost.roundTrips += 2;
        const result = await work({
          ...tx,
          query: (...statement) => {
            cost.roundTrips += 1;
            return tx.query(...statement);
          },
        });
        const { rows } = await tx.query<{ value: string }>(
          "select current_setting('synchronous_commit') as value",
        );
        if (rows[0]?.value !== "off") cost.flushes += 1;
        return result;
      }, about),
  };
}
