import { describe, expect, test } from "@jest/globals";
import {
  claimAside,
  postponeAside,
  settleAside,
  stepAside,
  type ClaimedAside,
} from "#gateway/outbox/sql/aside.js";
import { discardDead } from "#gateway/outbox/sql/dead-letters.js";
import {
  claimQueue,
  postponeQueue,
  releaseQueue,
  settleDelivery,
  type ClaimedQueue,
} from "#gateway/outbox/sql/deliver.js";
import { discardWaiting, replay } from "#gateway/outbox/sql/operate.js";
import type { Database } from "#service-kit/db/pool.js";
import {
  DEAD,
  DELIVERED,
  FAILED,
  LEASE,
  announcePush,
  keepingSink,
  statesOf,
  type KeepingSink,
} from "./support/outbox.js";
import { useOutbox } from "./support/use-outbox.js";

const CLAIM = { leaseSeconds: LEASE, most: 2 };
const ASIDE = { ...FAILED, seconds: 0, sparedSeconds: 0 };

/** Postgres reads what it knows to be small from front to back: no index puts in order what a statement does not. */
const KNOWN_TO_BE_SMALL = "vacuum analyze ledger.outbox, ledger.delivery, ledger.event";

let db: Database;
let sink: KeepingSink;
useOutbox((parts) => {
  ({ db, sink } = parts);
});

const push = (tag: string, repository = "alpha/app", to: KeepingSink = sink) =>
  announcePush(db, [to], { repository, tag });
const settle = async (queue: ClaimedQueue, position: number, how: typeof DELIVERED | typeof DEAD = DELIVERED) =>
  (await settleDelivery(db, queue, position, how, LEASE)) !== "lost"; // prettier-ignore

async function claim(): Promise<ClaimedQueue> {
  const queue = await claimQueue(db, sink, CLAIM);
  if (queue === null) throw new Error("no queue is due");
  return queue;
}

async function claimBeside(): Promise<ClaimedAside> {
  const event = await claimAside(db, sink, LEASE);
  if (event === null) throw new Error("no event beside its queue is due");
  return event;
}

/** As if the time of every claim had passed. */
async function endLeases(): Promise<void> {
  for (const table of ["outbox", "delivery_aside"])
    await db.query(`update ledger.${table} set due_at = clock_timestamp() - interval '1 second'`);
}

/** @returns what is known of the queues, and of the events beside them */
async function standing(): Promise<unknown[]> {
  const queues = await db.query("select * from ledger.outbox order by sink, repository");
  const aside = await db.query("select * from ledger.delivery_aside order by position");
  const deliveries = await db.query("select * from ledger.delivery order by sink, position");
  return [queues.rows, aside.rows, deliveries.rows];
}

describe("whoever comes back late with a claim that another one has by now", () => {
  test("settles nothing, puts nothing off and gives nothing back", async () => {
    await push("1");
    const late = await claim();
    await endLeases();
    const current = await claim();
    const before = await standing();
    expect(await settle(late, 1)).toBe(false);
    await postponeQueue(db, late, FAILED);
    await releaseQueue(db, late);
    expect(await stepAside(db, late, 1, ASIDE, LEASE)).toBe(false);
    expect(await standing()).toEqual(before);
    expect(await settle(current, 1)).toBe(true);
    expect(await statesOf(db)).toEqual({ 1: "delivered" });
  });

  test("does so beside a queue neither", async () => {
    await push("1");
    expect(await stepAside(db, await claim(), 1, ASIDE, LEASE)).toBe(true);
    const late = await claimBeside();
    await endLeases();
    const current = await claimBeside();
    const before = await standing();
    await settleAside(db, late, DELIVERED);
    await postponeAside(db, late, FAILED);
    expect(await standing()).toEqual(before);
    await settleAside(db, current, DELIVERED);
    expect(await statesOf(db)).toEqual({ 1: "delivered" });
  });
});

describe("events of a queue", () => {
  test("are settled one after the other, and each once", async () => {
    for (const tag of ["1", "2", "3"]) await push(tag);
    const queue = await claim();
    expect(queue.deliveries.map(({ event }) => event.tag)).toEqual(["1", "2"]);
    expect(await settle(queue, 2)).toBe(false);
    expect(await stepAside(db, queue, 2, ASIDE, LEASE)).toBe(false);
    expect(await statesOf(db)).toEqual({ 1: "waiting", 2: "waiting", 3: "waiting" });
    expect(await settle(queue, 1)).toBe(true);
    expect(await settle(queue, 1)).toBe(false);
    expect(await settle(queue, 3)).toBe(false);
    expect(await statesOf(db)).toEqual({ 1: "delivered", 2: "waiting", 3: "waiting" });
  });

  test("come with a claim in their order, wherever Postgres has them", async () => {
    for (const tag of ["1", "2", "3"]) await push(tag);
    // What is changed is written behind all else.
    for (const position of [2, 1])
      await db.query("update ledger.delivery set attempts = 1 where position = $1", [position]);
    await db.query(KNOWN_TO_BE_SMALL);
    expect((await claim()).deliveries.map(({ event }) => event.tag)).toEqual(["1", "2"]);
  });

  test("wait as long as they were put off, also when another one comes", async () => {
    await push("1");
    await postponeQueue(db, await claim(), FAILED);
    await push("2");
    expect(await claimQueue(db, sink, CLAIM)).toBeNull();
  });

  test("are due at once where all before them is settled, whatever the claim of then lasts", async () => {
    await push("1");
    expect(await settle(await claim(), 1)).toBe(true);
    expect(await claimQueue(db, sink, CLAIM)).toBeNull();
    await push("2");
    expect(await claim()).toMatchObject({ donePosition: 1 });
  });
});

describe("a queue that is given back with what is settled", () => {
  test("is due at once for whoever is next, where anything is left in it", async () => {
    for (const tag of ["1", "2"]) await push(tag);
    expect(await settleDelivery(db, await claim(), 1, DELIVERED, null)).toBe("others");
    const next = await claim();
    expect(next.deliveries.map(({ event }) => event.tag)).toEqual(["2"]);
    expect(await settleDelivery(db, next, 2, DELIVERED, null)).toBe("nothing");
    expect(await claimQueue(db, sink, CLAIM)).toBeNull();
  });

  test("stays whose it is when the one who gives it back comes late", async () => {
    await push("1");
    const late = await claim();
    await endLeases();
    await claim();
    const before = await standing();
    expect(await settleDelivery(db, late, 1, DELIVERED, null)).toBe("lost");
    expect(await standing()).toEqual(before);
  });
});

describe("a claim", () => {
  test("says whether another queue of the sink is due", async () => {
    await push("1", "alpha/app");
    await push("1", "beta/app");
    await push("1", "gamma/app", keepingSink("other"));
    expect(await claim()).toMatchObject({ others: true });
    expect(await claim()).toMatchObject({ others: false });
  });

  test("is of the queue that has been due for longest", async () => {
    for (const repository of ["alpha/app", "beta/app", "gamma/app"]) await push("1", repository);
    await db.query(
      `update ledger.outbox set due_at = clock_timestamp() -
         case repository when 'beta/app' then 3 when 'gamma/app' then 2 else 1 end * interval '1 minute'`,
    );
    await db.query(KNOWN_TO_BE_SMALL);
    const claimed = [await claim(), await claim(), await claim()];
    expect(claimed.map(({ repository }) => repository)).toEqual([
      ...["beta/app", "gamma/app", "alpha/app"],
    ]);
  });

  test("waits for nobody who holds another queue", async () => {
    for (const repository of ["alpha/app", "beta/app"]) await push("1", repository);
    await db.transaction(async (tx) => {
      await tx.query("select from ledger.outbox where repository = 'alpha/app' for update");
      expect(await claim()).toMatchObject({ repository: "beta/app" });
      expect(await claimQueue(db, sink, CLAIM)).toBeNull();
    });
  });

  test("is of no other sink's queue", async () => {
    const other = keepingSink("other");
    await push("1", "alpha/app", other);
    expect(await claimQueue(db, sink, CLAIM)).toBeNull();
    expect(await claimQueue(db, other, CLAIM)).toMatchObject({ sink: "other" });
  });
});

describe("a replay", () => {
  test("adds what was delivered, and not what still waits", async () => {
    for (const tag of ["1", "2"]) await push(tag);
    await settle(await claim(), 1);
    expect(await replay(db, { sink: sink.name }, { dead: false })).toBe(1);
    const { rows } = await db.query<{ tag: string; state: string }>(
      `select event.tag, state from ledger.delivery join ledger.event on event.id = delivery.event
       order by position`,
    );
    expect(rows.map(({ tag, state }) => `${tag} ${state}`)).toEqual([
      ...["1 delivered", "2 waiting", "1 waiting"],
    ]);
  });

  test("ends no pause of a queue that waits for its next attempt", async () => {
    for (const tag of ["1", "2"]) await push(tag);
    const queue = await claim();
    await settle(queue, 1);
    await postponeQueue(db, queue, FAILED);
    expect(await replay(db, { sink: sink.name }, { dead: false })).toBe(1);
    expect(await claimQueue(db, sink, CLAIM)).toBeNull();
  });

  test.each([
    ["of what was given up", () => replay(db, { sink: sink.name }, { dead: true })],
    ["that only forgets it", () => discardDead(db, { sink: sink.name })],
  ])("%s ends: it takes nothing that is given up after it began", async (_what, work) => {
    for (const tag of ["1", "2"]) await push(tag);
    const queue = await claim();
    for (const position of [1, 2]) await settle(queue, position, DEAD);
    await db.query(
      `update ledger.delivery set settled_at = clock_timestamp() + interval '1 hour' where position = 2`,
    );
    expect(await work()).toBe(1);
  });
});

test("what is thrown away while it is delivered leaves nobody a claim", async () => {
  for (const tag of ["1", "2", "3"]) await push(tag);
  await push("1", "beta/app");
  const queue = await claim();
  await settle(queue, 1);
  expect(await discardWaiting(db, { sink: sink.name, repository: queue.repository })).toBe(2);
  expect(await settle(queue, 2)).toBe(false);
  const before = await standing();
  await postponeQueue(db, queue, FAILED);
  await releaseQueue(db, queue);
  expect(await standing()).toEqual(before);
  await push("4", queue.repository);
  const repositories = [await claim(), await claim()].map(({ repository }) => repository);
  expect(repositories.sort()).toEqual(["alpha/app", "beta/app"]);
});
