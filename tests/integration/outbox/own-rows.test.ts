import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import type { NewEvent } from "#gateway/events/event.js";
import {
  claimAside,
  giveUpAside,
  listAside,
  MOST_ASIDE,
  postponeAside,
  retryAsideNow,
  settleAside,
  stepAside,
  type ClaimedAside,
} from "#gateway/outbox/sql/aside.js";
import { discardDead, replayDead } from "#gateway/outbox/sql/dead-letters.js";
import { claimQueue, releaseQueue, settleDelivery } from "#gateway/outbox/sql/deliver.js";
import { enqueue } from "#gateway/outbox/sql/enqueue.js";
import { replay } from "#gateway/outbox/sql/operate.js";
import { startSink, stopSink } from "#gateway/outbox/sql/stops.js";
import type { Database } from "#service-kit/db/pool.js";
import {
  ALL,
  announceAll,
  eachQueue,
  FIRSTS,
  ONE,
  OTHER,
  REPOSITORIES,
  rowsOf,
  settleAll,
  without,
} from "./support/alike-queues.js";
import { announcePush, DEAD, DELIVERED, FAILED, LEASE } from "./support/outbox.js";
import { useOutbox } from "./support/use-outbox.js";

const ASIDE = { ...FAILED, seconds: 0, sparedSeconds: 0 };

let db: Database;
useOutbox((parts) => {
  ({ db } = parts);
});
beforeEach(() => announceAll(db));

const each = (sink: typeof ONE, act: Parameters<typeof eachQueue>[2]) => eachQueue(db, sink, act);
/** The first of each queue is beside it. */
const allAside = async () => {
  for (const sink of [ONE, OTHER])
    await each(sink, (queue) => stepAside(db, queue, 1, ASIDE, LEASE));
};

/** Beside its queue with all else that is there by now, whatever it is the place of. */
const putAside = (where: string) =>
  db.query(
    `insert into ledger.delivery_aside (sink, repository, position, due_at, attempts, refusals)
     select sink, repository, position, now(), 1, 0 from ledger.delivery where ${where}`,
  );

const aside = (where = "true") => rowsOf(db, `delivery_aside where ${where}`);
const deliveries = (state: string) => rowsOf(db, `delivery where state = '${state}'`);
const nameOf = ({ sink, delivery }: ClaimedAside) =>
  `${sink} ${delivery.event.repository} ${delivery.position}`;
async function claimBeside(sink = ONE): Promise<ClaimedAside> {
  const event = await claimAside(db, sink, LEASE);
  if (event === null) throw new Error("nothing is due");
  return event;
}

describe("beside its queue", () => {
  beforeEach(allAside);

  test("an event is claimed of its own sink, and no other one with it", async () => {
    await db.query("update ledger.delivery_aside set due_at = 'infinity' where sink = 'one'");
    expect(await claimAside(db, ONE, LEASE)).toBeNull();
    const event = await claimBeside(OTHER);
    expect(event.sink).toBe("other");
    expect(await aside("claim is not null")).toEqual([nameOf(event)]);
  });

  test("an event that is settled or given back leaves all others as they are", async () => {
    const settled = await claimBeside();
    await settleAside(db, settled, DELIVERED);
    expect(await deliveries("delivered")).toEqual([nameOf(settled)]);
    expect(await aside()).toEqual(without(FIRSTS, nameOf(settled)));
    const back = await claimBeside();
    const kept = await claimBeside(OTHER);
    await postponeAside(db, back, FAILED);
    expect(await aside("attempts = 7 and claim is null and due_at > now() + interval '5 minutes'")).toEqual([nameOf(back)]); // prettier-ignore
    expect(await aside("claim is not null")).toEqual([nameOf(kept)]);
  });

  test("events are listed by sink and by repository", async () => {
    const listed = async (of: Parameters<typeof listAside>[1]) =>
      (await listAside(db, of, 10)).map(({ sink, repository }) => `${sink} ${repository} 1`).sort();
    expect(await listed({})).toEqual(FIRSTS);
    expect(await listed({ repository: "alpha/app" })).toEqual([
      "one alpha/app 1",
      "other alpha/app 1",
    ]);
    expect(await listed({ sink: "one" })).toEqual(["one alpha/app 1", "one alpha/shop 1"]);
  });

  test("an event is given up for one sink, and stays for the other one", async () => {
    const [event] = await listAside(db, { sink: "one", repository: "alpha/app" }, 1);
    const other = { sink: "one", repository: "alpha/shop", event: event?.event };
    expect(await giveUpAside(db, other)).toBe(0);
    expect(await giveUpAside(db, { sink: "one", event: event?.event })).toBe(1);
    expect(await deliveries("dead")).toEqual(["one alpha/app 1"]);
    expect(await aside()).toEqual(without(FIRSTS, "one alpha/app 1"));
  });

  test("an event is claimed, settled and given up alone, whatever else is beside its queue", async () => {
    await putAside("position = 2");
    const event = await claimBeside();
    expect(await aside("claim is not null")).toEqual([nameOf(event)]);
    await settleAside(db, event, DELIVERED);
    expect(await aside()).toEqual(without(ALL, nameOf(event)));
    const { rows } = await db.query<{ event: string }>(
      "select event from ledger.delivery where sink = 'other' and repository = 'alpha/app' and position = 1",
    );
    expect(await giveUpAside(db, { sink: "other", event: rows[0]?.event })).toBe(1);
    expect(await aside()).toEqual(without(ALL, nameOf(event), "other alpha/app 1"));
  });

  test("an event is given up for those who wanted it, and not for another one's at its place", async () => {
    for (const [sink, tag] of [
      [ONE, "of one"],
      [OTHER, "of the other"],
    ] as const)
      // prettier-ignore
      await announcePush(db, [sink], { repository: "alpha/app", tag });
    await putAside("position = 3");
    const { rows } = await db.query<{ id: string }>(
      "select id from ledger.event where tag = 'of the other'",
    );
    expect(await giveUpAside(db, { event: rows[0]?.id })).toBe(1);
    expect(await deliveries("dead")).toEqual(["other alpha/app 3"]);
    expect(await aside("position = 3")).toEqual(["one alpha/app 3"]);
  });

  test("what waits is tried now, but for what is under way or due already", async () => {
    const { delivery } = await claimBeside();
    const claimed = delivery.event.repository;
    const [free = ""] = REPOSITORIES.filter((name) => name !== claimed);
    expect(await retryAsideNow(db, { sink: "one" })).toBe(0);
    await db.query("update ledger.delivery_aside set due_at = 'infinity'");
    expect(await retryAsideNow(db, { sink: "one", repository: claimed })).toBe(0);
    expect(await retryAsideNow(db, { sink: "one" })).toBe(1);
    expect(await aside("due_at <= now()")).toEqual([`one ${free} 1`]);
  });
});

test("as many as may are beside a queue, whatever is beside others", async () => {
  await db.query(
    `with placed as (
       insert into ledger.delivery (sink, repository, position, event)
       select sink, repository, place, (select id from ledger.event limit 1)
       from (values ('one', 'alpha/shop'), ('other', 'alpha/app')) as queue (sink, repository),
            generate_series(101, 100 + ${MOST_ASIDE}) as place
       returning sink, repository, position
     )
     insert into ledger.delivery_aside (sink, repository, position, due_at, attempts, refusals)
     select sink, repository, position, now(), 1, 0 from placed`,
  );
  const done: string[] = [];
  await each(ONE, async (queue) => {
    done.push(`${queue.repository} ${await stepAside(db, queue, 1, ASIDE, LEASE)}`);
  });
  expect(done.sort()).toEqual(["alpha/app true", "alpha/shop false"]);
});

describe("a queue", () => {
  test("that is empty, or whose sink is stopped, is nobody's to deliver from", async () => {
    await stopSink(db, ONE, "it is gone");
    const claim = () => claimQueue(db, ONE, { leaseSeconds: LEASE, most: 2 });
    expect(await claim()).toBeNull();
    expect(await claimQueue(db, OTHER, { leaseSeconds: LEASE, most: 2 })).not.toBeNull();
    await startSink(db, "one");
    await stopSink(db, { ...ONE, target: "before" }, "it was gone there");
    await stopSink(db, { ...ONE, name: "third" }, "it is gone");
    await each(ONE, async (queue) => {
      for (const position of [1, 2]) await settleDelivery(db, queue, position, DELIVERED, LEASE);
      await releaseQueue(db, queue);
    });
    expect(await claim()).toBeNull();
  });

  test("settles its own deliveries alone", async () => {
    const queue = await claimQueue(db, ONE, { leaseSeconds: LEASE, most: 2 });
    if (queue === null) throw new Error("no queue is due");
    await settleDelivery(db, queue, 1, DELIVERED, LEASE);
    expect(await deliveries("delivered")).toEqual([`one ${queue.repository} 1`]);
  });
});

test("an event that no sink wants is put on record though others wait for their turn", async () => {
  const event: NewEvent = {
    action: "push",
    ...{ id: randomUUID(), repository: "alpha/app", tag: "1.0" },
    ...{ digest: null, previousDigest: null, actor: { ...SYSTEM, uid: "alice" } },
    ...{ reason: "stored by the registry", detail: {} },
  };
  await db.transaction(async (busy) => {
    await enqueue(busy, { ...event, id: randomUUID() }, ["one"]);
    await db.transaction(async (tx) => {
      await tx.query("set local lock_timeout = '5s'");
      await enqueue(tx, event, []);
    });
  });
  const { rows } = await db.query("select from ledger.event where id = $1", [event.id]);
  expect(rows).toHaveLength(1);
});

describe("dead letters", () => {
  test("are replayed for one sink, and stay dead for the other one", async () => {
    await settleAll(db, DEAD);
    expect(await replayDead(db, { sink: "one" }, () => undefined)).toBe(4);
    expect(await deliveries("dead")).toEqual(ALL.filter((row) => row.startsWith("other")));
    expect(await deliveries("waiting")).toHaveLength(4);
  });

  test("alone are replayed and discarded, and not what was delivered", async () => {
    await settleAll(db, DELIVERED);
    await db.query("update ledger.delivery set state = 'dead' where position = 2 and sink = 'one'");
    await db.query(
      "update ledger.delivery set state = 'dead' where position = 1 and sink = 'other'",
    );
    expect(await replayDead(db, { sink: "one" }, () => undefined)).toBe(2);
    expect(await discardDead(db, { repository: "alpha/app" })).toBe(1);
    expect(await deliveries("dead")).toEqual(["other alpha/shop 1"]);
    expect(await deliveries("delivered")).toEqual([
      ...["one alpha/app 1", "one alpha/shop 1", "other alpha/app 2", "other alpha/shop 2"],
    ]);
  });

  test("are replayed with what else is replayed of their event, and no others", async () => {
    await settleAll(db, DEAD);
    const { rows } = await db.query<{ event: string }>(
      `select event from ledger.delivery where sink = 'one' and repository = 'alpha/app' and position = 2`,
    );
    const event = rows[0]?.event ?? "";
    expect(await replay(db, { sink: "one", event }, { dead: false })).toBe(1);
    expect(await deliveries("dead")).toEqual(without(ALL, "one alpha/app 2"));
  });
});
