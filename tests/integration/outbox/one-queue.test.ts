import { beforeEach, describe, expect, test } from "@jest/globals";
import {
  claimAside,
  giveUpAside,
  postponeAside,
  retryAsideNow,
  settleAside,
  stepAside,
} from "#gateway/outbox/sql/aside.js";
import { discardDead } from "#gateway/outbox/sql/dead-letters.js";
import {
  claimQueue,
  postponeQueue,
  releaseQueue,
  settleDelivery,
} from "#gateway/outbox/sql/deliver.js";
import { discardWaiting, replay } from "#gateway/outbox/sql/operate.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import {
  DEAD,
  DELIVERED,
  FAILED,
  LEASE,
  announcePush,
  keepingSink,
  type KeepingSink,
} from "./support/outbox.js";
import { useOutbox, type OutboxParts } from "./support/use-outbox.js";

const CLAIM = { leaseSeconds: LEASE, most: 10 };
const ASIDE = { ...FAILED, sparedSeconds: 0 };

let db: Database;
let sink: KeepingSink;
let start: OutboxParts["start"];
useOutbox((parts) => {
  ({ db, sink, start } = parts);
});

/** @returns what a claim has got, of which there has to be something */
async function got<T>(claimed: Promise<T | null>): Promise<T> {
  const found = await claimed;
  if (found === null) throw new Error("nothing is due");
  return found;
}

describe("what is done to one queue, or beside it", () => {
  let other: KeepingSink;
  const mine = { sink: "kept", repository: "alpha/app" };
  const queues = () => [sink, other].flatMap((to) => ["alpha/app", "beta/app"].map((repository) => ({ to, repository }))); // prettier-ignore
  beforeEach(async () => {
    other = keepingSink("other");
    for (const repository of ["alpha/app", "beta/app"])
      for (const tag of ["1", "2", "3", "4"])
        await announcePush(db, [sink, other], { repository, tag });
    for (const { to, repository } of queues()) await fill(to, repository);
    await makeDue(sink, "alpha/app");
  });

  /** Of each queue the first event was given up, the second waits beside it. */
  async function fill(to: KeepingSink, repository: string): Promise<void> {
    await makeDue(to, repository);
    const queue = await got(claimQueue(db, to, CLAIM));
    await settleDelivery(db, queue, 1, DEAD, LEASE);
    await stepAside(db, queue, 2, ASIDE, LEASE);
    await releaseQueue(db, queue);
  }

  async function makeDue(to: KeepingSink, repository: string): Promise<void> {
    await db.query(
      `update ledger.outbox set due_at = clock_timestamp() +
         case when repository = $2 then -1 else 3600 end * interval '1 second' where sink = $1`,
      [to.name, repository],
    );
  }

  /** @returns what is known of all other queues */
  async function others(): Promise<unknown[]> {
    const rows = [];
    for (const table of ["outbox", "delivery", "delivery_aside"]) {
      const found = await db.query(
        `select to_jsonb(one) as row from ledger.${table} as one
         where not (sink = $1 and repository = $2) order by to_jsonb(one)::text`,
        [mine.sink, mine.repository],
      );
      rows.push(found.rows);
    }
    return rows;
  }

  test.each<[string, () => Promise<unknown>]>([
    [
      "a delivery",
      async () => {
        const queue = await got(claimQueue(db, sink, CLAIM));
        expect(
          queue.deliveries.map(({ event }) => `${event.repository}:${event.tag ?? ""}`),
        ).toEqual([...["alpha/app:3", "alpha/app:4"]]);
        expect(await settleDelivery(db, queue, 3, DELIVERED, LEASE)).toBe("others");
        await stepAside(db, queue, 4, ASIDE, LEASE);
        await postponeQueue(db, queue, FAILED);
      },
    ],
    [
      "a second attempt beside it",
      async () => {
        expect(await retryAsideNow(db, mine)).toBe(1);
        const first = await got(claimAside(db, sink, LEASE));
        expect(first.delivery).toMatchObject({ position: 2, event: { repository: "alpha/app" } });
        await postponeAside(db, first, { ...FAILED, seconds: 0 });
        await settleAside(db, await got(claimAside(db, sink, LEASE)), DELIVERED);
      },
    ],
    [
      "giving up",
      async () => {
        const { rows } = await db.query<{ event: string }>(
          `select event from ledger.delivery where sink = $1 and repository = $2 and position = 2`,
          [mine.sink, mine.repository],
        );
        expect(await giveUpAside(db, { ...mine, event: rows[0]?.event })).toBe(1);
      },
    ],
    ["a replay", async () => { expect(await replay(db, mine, { dead: false })).toBe(1); }], // prettier-ignore
    ["a replay of what was given up", async () => { expect(await replay(db, mine, { dead: true })).toBe(1); }], // prettier-ignore
    ["forgetting what was given up", async () => { expect(await discardDead(db, mine)).toBe(1); }], // prettier-ignore
    ["throwing it away", async () => { expect(await discardWaiting(db, mine)).toBe(3); }], // prettier-ignore
  ])("changes no other one: %s", async (_what, work) => {
    const before = await others();
    await work();
    expect(await others()).toEqual(before);
  });
});

test("a queue of which everything is delivered is nobody's any more", async () => {
  await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
  const gateway = await start(db, [sink]);
  await eventually("it was delivered", () => sink.taken.length === 1);
  await gateway.stop();
  const { rows } = await db.query("select claim from ledger.outbox");
  expect(rows).toEqual([{ claim: null }]);
});
