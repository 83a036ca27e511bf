import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import type { NewEvent } from "#gateway/events/event.js";
import { enqueue } from "#gateway/outbox/sql/enqueue.js";
import { stopSink } from "#gateway/outbox/sql/stops.js";
import type { Answer } from "#tests/support/http-client.js";
import { jsonOf, startRestStack, type RestStack } from "./support/stack.js";

const BOB = { token: "bob-token" };

let stack: RestStack;
let events: string[];

beforeAll(async () => {
  stack = await startRestStack();
});
afterAll(() => stack.stop());
beforeEach(async () => {
  const { ledger } = stack;
  await ledger.clear();
  events = [];
  for (const tag of ["1", "2", "3"]) {
    const event = {
      ...{ id: randomUUID(), action: "push", repository: "alpha/app", tag, digest: "sha256:a" },
      ...{ previousDigest: null, actor: SYSTEM, reason: "pushed", detail: {} },
    } as NewEvent;
    events.push(event.id);
    await ledger.db.transaction((tx) => enqueue(tx, event, ["webhook"]));
  }
});

const change = (body: object): Promise<Answer> =>
  stack.rest("/outbox", { ...BOB, method: "POST", body });

async function states(): Promise<readonly string[]> {
  const { rows } = await stack.ledger.db.query<{ state: string }>(
    `select event.tag || ' ' || delivery.state as state from ledger.delivery
       join ledger.event on event.id = delivery.event order by delivery.position`,
  );
  return rows.map(({ state }) => state);
}

async function changesOnRecord(): Promise<readonly AuditEntry[]> {
  return (await stack.ledger.audited()).filter(({ action }) => action === "outbox.changed");
}

test("the first of a queue is given up in the name of who asks, and delivered again", async () => {
  expect(jsonOf(await change({ change: "give-up", event: events[0] }))).toEqual({
    ...{ events: 1, queues: 0 },
  });
  expect(
    jsonOf(await change({ change: "skip", sink: "webhook", repository: "alpha/app" })),
  ).toEqual({ events: 1, queues: 0 });
  expect(await states()).toEqual(["1 dead", "2 dead", "3 waiting"]);
  expect(jsonOf(await change({ change: "replay-dead" }))).toEqual({ events: 2, queues: 0 });
  expect(await states()).toEqual(["3 waiting", "1 waiting", "2 waiting"]);
  expect((await changesOnRecord()).map(({ reason, actor }) => [reason, actor.uid])).toEqual(
    expect.arrayContaining([
      ["give-up", "bob"],
      ["skip", "bob"],
      ["replay-dead", "bob"],
    ]),
  );
});

test("what was given up is taken off the books, and what waits for a sink", async () => {
  await change({ change: "give-up", event: events[0] });
  expect(jsonOf(await change({ change: "discard-dead" }))).toMatchObject({ events: 1 });
  expect(await states()).toEqual(["2 waiting", "3 waiting"]);
  expect(jsonOf(await change({ change: "discard-waiting", sink: "webhook" }))).toMatchObject({
    events: 2,
  });
  expect(await states()).toEqual([]);
});

test("what waits for its next attempt is tried at once, and a stopped sink is started", async () => {
  const { db } = stack.ledger;
  await db.query("update ledger.outbox set due_at = now() + interval '1 hour'");
  await stopSink(db, { name: "webhook", target: "t" }, "it answered 410");
  expect(jsonOf(await change({ change: "retry" }))).toEqual({ events: 0, queues: 1 });
  expect(jsonOf(await change({ change: "start", sink: "webhook" }))).toMatchObject({ queues: 1 });
  expect(jsonOf(await change({ change: "start", sink: "webhook" }))).toMatchObject({ queues: 0 });
  expect((await changesOnRecord()).map(({ reason }) => reason).sort()).toEqual(["retry", "start"]);
});

test("one event is delivered again, or all since a time", async () => {
  const { db } = stack.ledger;
  await db.query("update ledger.delivery set state = 'delivered', settled_at = now()");
  await db.query("update ledger.outbox set done_position = last_position");
  expect(jsonOf(await change({ change: "replay", event: events[1] }))).toMatchObject({ events: 1 });
  const since = new Date(Date.now() - 3_600_000).toISOString();
  // What waits already is not put there twice.
  expect(jsonOf(await change({ change: "replay", since }))).toMatchObject({ events: 2 });
});

test("what waits no more cannot be skipped", async () => {
  const skip = { change: "skip", sink: "webhook", repository: "alpha/app" };
  for (let skipped = 0; skipped < events.length; skipped += 1)
    expect((await change(skip)).status).toBe(200);
  expect((await change(skip)).status).toBe(404);
});

test("what changes nothing is not found, and is on no record", async () => {
  expect((await change({ change: "give-up", event: events[1] })).status).toBe(404);
  expect((await change({ change: "give-up", event: randomUUID() })).status).toBe(404);
  const unknown = await change({ change: "retry", sink: "wobhook" });
  expect([unknown.status, unknown.body.toString()]).toEqual([
    404,
    expect.stringContaining("nothing was ever meant for"),
  ]);
  expect(await changesOnRecord()).toEqual([]);
});

test.each([
  [{ change: "replay" }],
  [{ change: "replay", event: randomUUID(), since: "2026-11-20T12:00:00Z" }],
  [{ change: "skip", sink: "webhook" }],
  [{ change: "discard-waiting" }],
  [{ change: "discard-dead", teem: "alpha" }],
  [{ change: "forget" }],
])("%j is refused", async (body) => {
  expect((await change(body)).status).toBe(400);
  expect(await changesOnRecord()).toEqual([]);
});

test("an event beside its queue is listed, and given up", async () => {
  const { db } = stack.ledger;
  await db.query("update ledger.outbox set done_position = 1");
  await db.query(
    `insert into ledger.delivery_aside (sink, repository, position, due_at, attempts, last_error, refusals)
     values ('webhook', 'alpha/app', 1, now(), 3, 'it answered 422', 3)`,
  );
  expect(jsonOf(await stack.rest("/outbox", BOB))).toMatchObject({
    aside: [{ event: events[0], tag: "1", attempts: 3, lastError: "it answered 422" }],
  });
  expect((await change({ change: "give-up", event: events[0] })).status).toBe(200);
  expect(jsonOf(await stack.rest("/outbox", BOB))).toMatchObject({ aside: [] });
});
