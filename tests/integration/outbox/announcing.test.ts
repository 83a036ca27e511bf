import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { adopt } from "#gateway/ledger/adopt.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { recoverTag } from "#gateway/ledger/recover.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { announcing } from "#gateway/outbox/announcing.js";
import { enqueue } from "#gateway/outbox/sql/enqueue.js";
import { digestOf } from "#registry-protocol/digest.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { eventWith } from "#tests/support/events.js";
import { gate } from "#tests/support/gate.js";
import { createLedger, SILENT, type TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { pushDeps, tagKeeper, tagPush, type TagKeeper } from "#tests/support/tag-pushes.js";
import { keepingSink } from "./support/outbox.js";

let postgres: TestPostgres;
let ledger: TestLedger;
let db: Database;
let keeper: TagKeeper;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
beforeEach(async () => {
  ledger = await createLedger(postgres);
  db = ledger.open();
  keeper = tagKeeper();
});
afterEach(() => ledger.close());
afterAll(() => postgres.stop());

const sink = keepingSink();
const audit = announcing(recordAudit, [sink], () => undefined);
const deps = () => ({ ...pushDeps(db, keeper), audit });

async function push(content: string, options: Parameters<typeof tagPush>[1] = {}) {
  const made = tagPush(content, options);
  await pushTag(deps(), made, keeper.transport(made));
  return made;
}

async function events() {
  const { rows } = await db.query(
    `select event.id, event.action, event.repository, event.tag, event.digest, event.content,
            count(delivery.*)::int as deliveries
     from ledger.event left join ledger.delivery on delivery.event = event.id
     group by event.id order by event.occurred_at`,
  );
  return rows;
}

describe("what is announced", () => {
  test("goes to the sinks that want it, and to no other", async () => {
    const none = { ...keepingSink(), name: "none", wants: () => false };
    const told = announcing(recordAudit, [sink, none], () => undefined);
    const made = tagPush("a");
    await pushTag({ ...deps(), audit: told }, made, keeper.transport(made));
    const { rows } = await db.query("select sink from ledger.delivery");
    expect(rows).toEqual([{ sink: sink.name }]);
  });

  test("is a push, once, under the id of its reservation", async () => {
    const first = await push("a");
    await push("a");
    expect(await events()).toMatchObject([
      {
        id: first.reservation,
        action: "push",
        repository: "alpha/app",
        tag: "1.0",
        digest: first.digest,
        deliveries: 1,
      },
    ]);
  });

  test("is nothing of a push that is not committed", async () => {
    await db.query("alter table audit.entry rename to entry_away");
    const lost = tagPush("a");
    await expect(pushTag(deps(), lost, keeper.transport(lost))).rejects.toMatchObject({
      code: "UNAVAILABLE",
    });
    expect(await events()).toEqual([]);
    await db.query("alter table audit.entry_away rename to entry");
    await db.query("update ledger.tag set reserved_until = now() - interval '1 second'");
    await recoverTag(deps(), lost);
    expect(await events()).toMatchObject([{ action: "push", tag: "1.0", deliveries: 1 }]);
  });

  test("gets into the queues in any order without anybody waiting in a circle", async () => {
    const of = (tag: string) => ({ ...eventWith({ tag }), id: randomUUID() });
    const [one, other] = [ledger.open(), ledger.open()];
    let progress = "";
    const both = gate();
    const first = one.transaction(async (tx) => {
      await enqueue(tx, of("1"), ["b"]);
      progress = "begun";
      await both.opened;
      await enqueue(tx, of("2"), ["a"]);
    });
    await eventually("the first has a queue", () => progress === "begun");
    const second = other.transaction(async (tx) => {
      await enqueue(tx, of("3"), ["a"]);
      progress = "both";
      await enqueue(tx, of("4"), ["b"]);
    });
    await eventually("the second has one, or waits", async () => {
      const { rows } = await db.query(
        `select 1 from pg_stat_activity
         where datname = current_database() and wait_event_type = 'Lock'`,
      );
      return progress === "both" || rows.length > 0;
    });
    both.open();
    await Promise.all([first, second]);
    expect(await events()).toHaveLength(4);
  });

  test("is a push that another gateway settles", async () => {
    const lost = tagPush("a");
    await reserveTag(db, lost, { leaseSeconds: -1, mutable: false });
    await keeper.transport(lost).send();
    await recoverTag(deps(), lost);
    expect(await events()).toMatchObject([{ action: "push", digest: lost.digest }]);
  });

  test("is a tag that the registry had before the ledger", async () => {
    const key = tagPush("a");
    const digest = digestOf(Buffer.from("a"));
    const found = () => adopt({ db, log: SILENT, audit }, key, digest, "found by discovery");
    expect(await found()).toBe(true);
    expect(await found()).toBe(false);
    expect(await events()).toMatchObject([
      { action: "push", digest, content: { detail: { recordedAs: "tag.adopted" } } },
    ]);
  });

  test("is what a tag meant before when it takes other content", async () => {
    const before = await push("a", { tag: "1-SNAPSHOT" });
    await push("b", { tag: "1-SNAPSHOT" });
    expect(await events()).toMatchObject([
      { content: { previousDigest: null } },
      { content: { previousDigest: before.digest } },
    ]);
  });

  test("is a refused push, with what the tag means", async () => {
    const held = await push("a");
    await expect(push("b")).rejects.toMatchObject({ code: "TAG_HELD" });
    expect((await events()).at(-1)).toMatchObject({
      action: "refused",
      content: { detail: { held: held.digest } },
      deliveries: 1,
    });
  });
});
