import { randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import type { NewEvent } from "#gateway/events/event.js";
import { readBacklog } from "#gateway/outbox/sql/backlog.js";
import { claimQueue, postponeQueue, settleDelivery } from "#gateway/outbox/sql/deliver.js";
import { enqueue } from "#gateway/outbox/sql/enqueue.js";
import { giveUpFirst, retryNow } from "#gateway/outbox/sql/first-of-queues.js";
import { listDead, listQueues } from "#gateway/outbox/sql/list.js";
import { discardWaiting } from "#gateway/outbox/sql/operate.js";
import { pruneEvents } from "#gateway/outbox/sql/prune.js";
import type { Selection } from "#gateway/outbox/sql/selection.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import {
  ALL,
  announceAll,
  eachQueue,
  FIRSTS,
  ONE,
  OTHER,
  rowsOf,
  settleAll,
  without,
} from "./support/alike-queues.js";
import { DEAD, DELIVERED, FAILED, LEASE } from "./support/outbox.js";
import { useOutbox } from "./support/use-outbox.js";

let db: Database;
useOutbox((parts) => {
  ({ db } = parts);
});
beforeEach(() => announceAll(db));

const QUEUES = ["one alpha/app", "one alpha/shop", "other alpha/app", "other alpha/shop"];
const SELECTIONS: [of: Pick<Selection, "sink" | "repository">, queues: string[]][] = [
  [{}, QUEUES],
  [{ sink: "one" }, QUEUES.slice(0, 2)],
  [{ repository: "alpha/app" }, ["one alpha/app", "other alpha/app"]],
  [{ sink: "other", repository: "alpha/shop" }, ["other alpha/shop"]],
];

const dead = () => rowsOf(db, "delivery where state = 'dead'");
const waiting = () => rowsOf(db, "delivery where state = 'waiting'");

/** @returns queues of which this holds */
async function queues(where: string): Promise<string[]> {
  const { rows } = await db.query<{ queue: string }>(
    `select sink || ' ' || repository as queue from ledger.outbox where ${where} order by 1`,
  );
  return rows.map(({ queue }) => queue);
}

/** Of a push that is announced. */
const newEvent = (tag: string): NewEvent => ({
  ...{ id: randomUUID(), action: "push", repository: "alpha/app", tag, digest: null },
  ...{ previousDigest: null, actor: SYSTEM, reason: "stored by the registry", detail: {} },
});

async function claimed(sink: typeof ONE) {
  const queue = await claimQueue(db, sink, { leaseSeconds: LEASE, most: 2 });
  if (queue === null) throw new Error("no queue is due");
  return queue;
}

test.each(SELECTIONS)(
  "the first of the queues that are meant is given up: %j",
  async (of, meant) => {
    expect(await giveUpFirst(db, of)).toBe(meant.length);
    expect(await dead()).toEqual(meant.map((queue) => `${queue} 1`));
    expect(await queues("done_position = 1")).toEqual(meant);
    expect(await waiting()).toEqual(without(ALL, ...meant.map((queue) => `${queue} 1`)));
  },
);

test("the first of a queue is given up if it is the event that is meant", async () => {
  const eventAt = async (position: number) => {
    const { rows } = await db.query<{ event: string }>(
      "select event from ledger.delivery where repository = 'alpha/app' and position = $1",
      [position],
    );
    return rows[0]?.event ?? "";
  };
  expect(await giveUpFirst(db, { event: await eventAt(2) })).toBe(0);
  expect(await giveUpFirst(db, { sink: "one", event: await eventAt(1) })).toBe(1);
  expect(await dead()).toEqual(["one alpha/app 1"]);
});

test.each(SELECTIONS)("queues that are meant are tried now: %j", async (of, meant) => {
  await db.query("update ledger.outbox set due_at = 'infinity'");
  expect(await retryNow(db, of)).toBe(meant.length);
  expect(await queues("due_at <= now()")).toEqual(meant);
});

test("a queue that is due, empty or worked on is not tried now", async () => {
  expect(await retryNow(db, {})).toBe(0);
  const queue = await claimed(ONE);
  await db.query("update ledger.outbox set due_at = 'infinity'");
  await db.query("update ledger.outbox set done_position = last_position where sink = 'other'");
  expect(await retryNow(db, {})).toBe(1);
  expect(await queues("due_at <= now()")).toEqual(
    without(QUEUES.slice(0, 2), `one ${queue.repository}`),
  );
});

test.each(SELECTIONS)(
  "queues that are meant are listed, and no empty one: %j",
  async (of, meant) => {
    const listed = async () =>
      (await listQueues(db, of, 9)).map(({ sink, repository }) => `${sink} ${repository}`).sort();
    expect(await listed()).toEqual(meant);
    await settleAll(db, DEAD);
    expect(await listed()).toEqual([]);
    const letters = await listDead(db, of, 9);
    expect(letters.map(({ sink, repository }) => `${sink} ${repository}`).sort()).toEqual(
      meant.flatMap((queue) => [queue, queue]),
    );
  },
);

test("a queue that is emptied is the one that is meant, and what was delivered stays", async () => {
  await eachQueue(db, ONE, (queue) => settleDelivery(db, queue, 1, DELIVERED, LEASE));
  expect(await discardWaiting(db, { sink: "one", repository: "alpha/app" })).toBe(1);
  expect(await waiting()).toEqual(without(ALL, ...FIRSTS.slice(0, 2), "one alpha/app 2"));
  expect(await queues("done_position = 2")).toEqual(["one alpha/app"]);
  expect(await discardWaiting(db, { sink: "other" })).toBe(4);
  expect(await waiting()).toEqual(["one alpha/shop 2"]);
  expect(await rowsOf(db, "delivery where state = 'delivered'")).toEqual(FIRSTS.slice(0, 2));
});

test("what is announced while a queue is emptied goes with it, or is delivered", async () => {
  let emptied = Promise.resolve(0);
  await db.transaction(async (tx) => {
    await enqueue(tx, newEvent("third"), ["one"]);
    emptied = discardWaiting(db, { sink: "one", repository: "alpha/app" });
    await eventually("it waits for the queue", async () => {
      const { rows } = await db.query("select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"); // prettier-ignore
      return rows.length > 0;
    });
  });
  expect(await emptied).toBe(3);
  expect(await waiting()).toEqual(without(ALL, "one alpha/app 1", "one alpha/app 2"));
});

test("what waits is counted by sink, and an empty queue adds nothing", async () => {
  await eachQueue(db, ONE, (queue) => settleDelivery(db, queue, 1, DEAD, LEASE));
  await db.query("update ledger.outbox set done_position = last_position where sink = 'other'");
  expect(await readBacklog(db, ["none"])).toMatchObject([
    { sink: "none", waiting: 0, dead: 0 },
    { sink: "one", waiting: 2, dead: 2 },
  ]);
});

test("whether another queue of the same sink is due is known of one that has something in it", async () => {
  const [, settle] = [ONE, OTHER];
  expect((await claimed(ONE)).others).toBe(true);
  // The other one is claimed, and so is not due.
  expect((await claimed(ONE)).others).toBe(false);
  expect((await claimed(settle)).others).toBe(true);
  await db.query("update ledger.outbox set claim = null, due_at = '-infinity'");
  await db.query("update ledger.outbox set done_position = last_position where repository = 'alpha/shop'"); // prettier-ignore
  expect((await claimed(ONE)).others).toBe(false);
});

test("a queue that is given back leaves all others as they are", async () => {
  const [back, kept] = [await claimed(ONE), await claimed(OTHER)];
  await postponeQueue(db, back, FAILED);
  expect(await queues("attempts = 7 and claim is null and due_at > now()")).toEqual([
    `one ${back.repository}`,
  ]);
  expect(await queues("claim is not null")).toEqual([`other ${kept.repository}`]);
});

test("events that are old and delivered are forgotten with their deliveries, and no others", async () => {
  await settleAll(db, DELIVERED);
  await db.query(
    "update ledger.event set occurred_at = now() - interval '9 days' where tag = 'first'",
  );
  await db.query("update ledger.delivery set state = 'dead' where sink = 'one' and repository = 'alpha/shop' and position = 1"); // prettier-ignore
  expect(await pruneEvents(db, 8)).toBe(1);
  expect(await rowsOf(db, "delivery")).toEqual(
    without(ALL, "one alpha/app 1", "other alpha/app 1"),
  );
});
