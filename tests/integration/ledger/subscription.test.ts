import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { inTime } from "#service-kit/in-time.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { subscriber, type Subscriber } from "#service-kit/db/subscribe.js";
import { eventually } from "#tests/support/eventually.js";
import { createLedger, SILENT, type TestLedger } from "#tests/support/ledger.js";
import { startOwnPostgres, startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { startRelay } from "#tests/support/tcp-relay.js";

const CHANNEL = "told_in_a_test";
const QUICK = { heartbeat: 50, patience: 500 };

let postgres: TestPostgres;
let ledger: TestLedger;
let ends: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const end of ends.reverse()) await end();
  ends = [];
});

describe("what is told with a transaction", () => {
  beforeEach(() => use(startTestPostgres));

  test("is heard once it has been committed, by this process and by others", async () => {
    const [own, other] = [listener(), listener()];
    const db = open(own.heard.hear);
    await other.heard.start();
    await db.transaction(async (tx) => {
      tx.tell(CHANNEL, "1");
      await tx.query("select 1");
      expect(own.told).toEqual([]);
    });
    expect(own.told).toEqual(["1"]);
    await eventually("it is heard", () => other.told.join() === "1");
  });

  test("is never heard when it was rolled back", async () => {
    const { told, heard } = listener();
    const db = open(heard.hear);
    await heard.start();
    const work = db.transaction((tx) => {
      tx.tell(CHANNEL, "1");
      return Promise.reject(new Error("no"));
    });
    await expect(work).rejects.toThrow("no");
    db.tell(CHANNEL, "2");
    await eventually("the second is heard twice", () => told.join() === "2,2");
  });

  test("is told as unsure when nobody can say whether it was committed", async () => {
    const relay = await startRelay(ledger.config.port);
    ends.push(() => relay.cut());
    const { told, heard } = listener();
    const db = open(heard.hear, { ...ledger.config, port: relay.port });
    const work = db.transaction(async (tx) => {
      // Else nothing has begun, and nothing is unsure.
      await tx.query("select 1");
      tx.tell(CHANNEL, "it means 2", "it means something");
      await relay.cut();
    });
    await expect(work).rejects.toThrow("unavailable");
    expect(told).toEqual(["it means something"]);
    const other = listener();
    await other.heard.start();
    await relay.mend();
    await eventually("others hear of it", () => other.told.join() === "it means something");
  });

  test("is not told when the transaction has not even begun", async () => {
    const relay = await startRelay(ledger.config.port);
    ends.push(() => relay.cut());
    const { told, heard } = listener();
    const db = open(heard.hear, { ...ledger.config, port: relay.port });
    await db.query("select 1");
    const work = db.transaction(async (tx) => {
      tx.tell(CHANNEL, "it means 2", "it means something");
      await relay.cut();
    });
    await expect(work).rejects.toThrow("unavailable");
    expect(told).toEqual([]);
  });

  test("is told later when the database is away, and once however often it was told", async () => {
    const relay = await startRelay(ledger.config.port);
    ends.push(() => relay.cut());
    const { told, heard } = listener();
    await heard.start();
    const db = open(() => undefined, { ...ledger.config, port: relay.port });
    await relay.cut();
    for (const payload of ["1", "2", "1", "1"]) db.tell(CHANNEL, payload);
    await expect(db.query("select 1")).rejects.toThrow("unavailable");
    expect(told).toEqual([]);
    await relay.mend();
    await eventually("both are heard", () => told.join() === "1,2");
  });

  test("is told before a pool is closed", async () => {
    const { told, heard } = listener();
    await heard.start();
    const db = openDatabase(ledger.config, { name: "test", connections: 1 }, SILENT);
    db.tell(CHANNEL, "last words");
    await db.close();
    await eventually("it is heard", () => told.join() === "last words");
  });
});

describe("a subscription", () => {
  beforeEach(() => use(startTestPostgres));

  test("is made anew when the server is silent, although the connection stands", async () => {
    const relay = await startRelay(ledger.config.port);
    ends.push(() => relay.cut());
    const { reasons, told, heard } = listener({ ...ledger.config, port: relay.port });
    let losses = 0;
    heard.lost(() => (losses += 1));
    await heard.start();
    expect(losses).toBe(0);
    relay.hold();
    await eventually("the loss is noticed", () => reasons.length > 0 && losses > 0);
    relay.release();
    const db = open();
    await eventually("it is heard", () => {
      db.tell(CHANNEL, "again");
      return told.includes("again");
    });
  });

  test("ends while its connection is being made to a server that hangs", async () => {
    const relay = await startRelay(ledger.config.port);
    ends.push(() => relay.cut());
    const { reasons, heard } = listener({ ...ledger.config, port: relay.port });
    await heard.start();
    await relay.cut();
    relay.hold();
    await relay.mend();
    await eventually("the loss is noticed", () => reasons.length > 0);
    await eventually("it connects again", () => relay.connections() > 0);
    const stopped = inTime(heard.stop(), 10_000, () => new Error("it does not end"));
    relay.release();
    await stopped;
  });

  test("says so when it does not hear what it tells itself, as behind a pooler of connections", async () => {
    const db = open();
    await db.query("create schema pooler");
    await db.query(
      "create function pooler.pg_notify(text, text) returns void language sql as 'select'",
    );
    await db.query(
      `do $$ begin execute format('alter database %I set search_path = pooler, pg_catalog',
         current_database()); end $$`,
    );
    const { reasons, heard } = listener();
    await heard.start();
    await eventually("the loss is noticed", () => reasons.length > 0);
    expect(reasons[0]).toMatch(/not heard on it.*PgBouncer/);
  });
});

test("connections that lead to a standby are not kept, and those after its promotion write and hear", async () => {
  const own = await startOwnPostgres();
  await use(() => Promise.resolve(own));
  await own.restartAsStandby();
  const { reasons, told, heard } = listener();
  await heard.start();
  const db = open();
  const tried = await sessions(db);
  const write = () => db.transaction((tx) => tx.query("create table if not exists written ()"));
  for (let time = 0; time < 3; time += 1) await expect(write()).rejects.toThrow("unavailable");
  await eventually("it was tried again and again", async () => (await sessions(db)) > tried + 6);
  expect(reasons[0]).toMatch(/recovery/);
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::int from pg_stat_activity where application_name = 'subscription'",
  );
  expect(rows[0]?.count).toBeLessThan(2);
  await db.query("select pg_promote()");
  await write();
  await eventually("it is heard", () => {
    db.tell(CHANNEL, "1");
    return told.includes("1");
  });
}, 60_000);

/** @returns how many connections there have been, those that have ended too */
async function sessions(db: Database): Promise<number> {
  const { rows } = await db.query<{ sessions: number }>(
    "select sessions::int from pg_stat_database where datname = current_database()",
  );
  return rows[0]?.sessions ?? 0;
}

async function use(start: () => Promise<TestPostgres>): Promise<void> {
  postgres = await start();
  ledger = await createLedger(postgres);
  ends.push(
    () => postgres.stop(),
    () => ledger.close(),
  );
}

function open(heard: Subscriber["hear"] = () => undefined, config?: DatabaseConfig): Database {
  const options = { name: "test", connections: 2, heard };
  const db = openDatabase(config ?? ledger.config, options, SILENT);
  ends.push(() => db.close());
  return db;
}

/** @returns a subscriber that quickly notices what it does not hear, what it heard, and why it was lost */
function listener(config = ledger.config) {
  const [told, reasons]: [string[], string[]] = [[], []];
  const log = { warn: ({ reason }: { reason: string }) => reasons.push(reason) };
  const heard = subscriber(config, log, QUICK);
  heard.on(CHANNEL, (payload) => told.push(payload));
  ends.push(() => heard.stop());
  return { told, reasons, heard };
}
