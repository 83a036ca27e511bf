import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { pushManifest } from "#gateway/ledger/push-manifest.js";
import { NEVER_GONE } from "#gateway/ledger/client-gone.js";
import { pushTag, type TagPush } from "#gateway/ledger/push-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { startCountingLine, type CountingLine } from "#tests/support/counting-line.js";
import {
  pushDeps,
  tagKeeper,
  tagPush,
  type TagKeeper,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";
import type { TestLedger } from "#tests/support/ledger.js";
import { eventually } from "#tests/support/eventually.js";
import { useLedger } from "#tests/support/use-ledger.js";

/** What a push costs beside its own bytes. */
interface Cost {
  /** Waits for an answer of Postgres, as they are counted on the wire. */
  roundTrips: number;
  /** Commits that wait for the disk. */
  flushes: number;
  /** Questions to the registry before the manifest is sent. */
  questions: number;
}

let line: CountingLine;
let db: Database;
let cost: Cost;
let keeper: TagKeeper;
let deps: TestPushDeps;

let ledger: TestLedger;

useLedger((opened) => {
  ledger = opened;
});
beforeAll(async () => {
  line = await startCountingLine(ledger.config.port);
  // One connection: what it costs to make one is not counted.
  db = ledger.open({ port: line.port, connections: 1 });
});
afterAll(() => line.close());
beforeEach(() => {
  cost = { roundTrips: 0, flushes: 0, questions: 0 };
  keeper = tagKeeper();
  deps = pushDeps(counted(db));
});

describe("a push, as docs/performance.md says,", () => {
  test("of a new tag costs so many round trips, and waits for the disk once", async () => {
    await pushBefore(tagPush("first", { tag: "0.9" }));
    expect(await costOf(tagPush("a"))).toEqual({ roundTrips: 4, flushes: 1, questions: 1 });
  });

  test("of a tag that may change, again, asks the registry nothing before", async () => {
    await pushBefore(tagPush("a", { tag: "1-SNAPSHOT" }));
    const again = await costOf(tagPush("b", { tag: "1-SNAPSHOT" }));
    expect(again).toEqual({ roundTrips: 4, flushes: 1, questions: 0 });
  });

  test("by digest costs five round trips, and waits for the disk twice", async () => {
    await pushByDigest("first");
    cost = { roundTrips: 0, flushes: 0, questions: 0 };
    const before = line.turns();
    await pushByDigest("a");
    expect({ ...cost, roundTrips: line.turns() - before }).toEqual({
      roundTrips: 5,
      flushes: 2,
      questions: 0,
    });
  });

  test("of what stands already costs three round trips, and waits for no disk", async () => {
    await pushBefore(tagPush("a"));
    expect(await costOf(tagPush("a"))).toEqual({ roundTrips: 3, flushes: 0, questions: 1 });
  });
});

/** Others are told of a push a little later, which nobody waits for. */
async function pushBefore(push: TagPush): Promise<void> {
  await pushTag(deps, ...pushOf(push));
  const turns = line.turns();
  await eventually("others are told", () => line.turns() > turns);
}

async function pushByDigest(content: string): Promise<void> {
  const { manifest, repository, digest, actor, reservation: id } = tagPush(content);
  await pushManifest(deps, { id, repository, digest, actor }, manifest, {
    send: () => Promise.resolve({ status: 201 }),
    gone: NEVER_GONE,
  });
}

async function costOf(push: TagPush): Promise<Cost> {
  cost = { roundTrips: 0, flushes: 0, questions: 0 };
  const before = line.turns();
  await pushTag(deps, ...pushOf(push));
  return { ...cost, roundTrips: line.turns() - before };
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
      if (!/^\s*select/.test(sql) && !sql.includes("synchronous_commit")) cost.flushes += 1;
      return pool.query(sql, ...rest);
    },
    transaction: async (work, about) => {
      const settings: Promise<{ rows: { value: string }[] }>[] = [];
      const result = await pool.transaction(async (tx) => {
        const done = await work(tx);
        // Goes with what ends the transaction, so that it is no round trip of its own.
        settings.push(tx.query("select current_setting('synchronous_commit') as value"));
        return done;
      }, about);
      for (const { rows } of await Promise.all(settings))
        if (rows[0]?.value !== "off") cost.flushes += 1;
      return result;
    },
  };
}
