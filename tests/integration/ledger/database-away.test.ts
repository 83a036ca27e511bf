import { Registry } from "prom-client";
import { afterEach, describe, expect, test } from "@jest/globals";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { Fault, toFaultReply } from "#registry-protocol/faults.js";
import { Secret } from "#service-kit/secret.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import type { StatementName } from "#service-kit/db/statement-names.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT, type TestLedger } from "#tests/support/ledger.js";
import { pushDeps, tagKeeper, tagPush } from "#tests/support/tag-pushes.js";
import { type TcpRelay } from "#tests/support/tcp-relay.js";
import { useFreshLedger } from "#tests/support/use-ledger.js";

let relay: TcpRelay;
let ledger: TestLedger;
let db: Database;

useFreshLedger((fresh) => {
  ({ ledger, relay } = fresh);
  db = ledger.open({ port: relay.port });
});

describe("while the database is away", () => {
  test("a push is answered 503 with Retry-After, and the registry never sees it", async () => {
    await relay.cut();
    const keeper = tagKeeper();
    const push = tagPush("a");
    const fault = await faultOf(pushTag(pushDeps(db), push, keeper.transport(push)));
    const reply = toFaultReply(fault, "r");
    expect(reply.status).toBe(503);
    expect(reply.headers["Retry-After"]).toMatch(/^\d+$/);
    expect(reply.body.errors[0]?.code).toBe("UNAVAILABLE");
    expect(keeper.writes).toEqual([]);
  });

  test("a push that already reached the registry is not acknowledged, and succeeds when it is made again", async () => {
    const keeper = tagKeeper();
    const push = tagPush("a");
    const transport = keeper.transport(push);
    const cutting = {
      ...transport,
      send: async () => {
        const verdict = await transport.send();
        await relay.cut();
        return verdict;
      },
    };
    const fault = await faultOf(pushTag(pushDeps(db), push, cutting));
    expect(fault.code).toBe("UNAVAILABLE");

    await relay.mend();
    expect((await readTagState(db, push)).kind).toBe("reserved");
    await db.query("update ledger.tag set reserved_until = now() - interval '1 second'");
    const again = tagPush("a");
    await pushTag(pushDeps(db, keeper), again, keeper.transport(again));
    expect(await readTagState(db, push)).toMatchObject({
      kind: "held",
      digest: push.digest,
    });
  });

  test.each([
    ["of a new tag", null],
    ["of a mutable tag", "before"],
  ])(
    "a push %s that was reserved, but never told so, can soon be made again",
    async (_what, before) => {
      const keeper = tagKeeper();
      const known = { tag: "1.0-SNAPSHOT" };
      if (before !== null) {
        const push = tagPush(before, known);
        await pushTag(pushDeps(db, keeper), push, keeper.transport(push));
      }
      const lost = tagPush("a", known);
      const attempt = pushTag(pushDeps(deaf(db), keeper), lost, keeper.transport(lost));
      expect((await faultOf(attempt)).code).toBe("UNAVAILABLE");
      const direct = ledger.open();
      expect((await readTagState(direct, lost)).kind).toBe("reserved");

      await relay.mend();
      const again = tagPush("a", known);
      const since = performance.now();
      await pushTag(pushDeps(direct, keeper), again, keeper.transport(again));
      expect(performance.now() - since).toBeLessThan(20_000);
      expect(await readTagState(direct, again)).toMatchObject({
        kind: "held",
        digest: again.digest,
      });
      expect(keeper.writes.slice(-1)).toEqual([again.digest]);
    },
  );

  test("a push whose reservation is made long after it was given up hinders nobody", async () => {
    const keeper = tagKeeper();
    const lost = tagPush("a");
    const stalled = stalling(db);
    const attempt = pushTag(pushDeps(stalled.db, keeper), lost, keeper.transport(lost));
    expect((await faultOf(attempt)).code).toBe("UNAVAILABLE");
    await eventually("it was looked for in vain", () => stalled.looks() > 0);
    await stalled.wake();
    expect((await readTagState(db, lost)).kind).toBe("reserved");
    await eventually("it is free", async () => (await readTagState(db, lost)).kind === "free");
  });

  test("pushes go on by themselves once it is back", async () => {
    await relay.cut();
    await faultOf(pushTag(pushDeps(db), tagPush("a"), tagKeeper().transport(tagPush("a"))));
    await relay.mend();
    const push = tagPush("a");
    await expect(pushTag(pushDeps(db), push, tagKeeper().transport(push))).resolves.toEqual({
      verdict: { status: 201 },
    });
  });
});

describe("a transaction", () => {
  test("that throws leaves nothing behind", async () => {
    const work = db.transaction(async (tx) => {
      await tx.query("create table ledger.scratch (id int)");
      throw new Error("changed my mind");
    });
    await expect(work).rejects.toThrow("changed my mind");
    const { rows } = await db.query("select to_regclass('ledger.scratch') as found");
    expect(rows).toEqual([{ found: null }]);
  });

  test("whose connection is cut leaves nothing behind and says that it can be tried again", async () => {
    const work = db.transaction(async (tx) => {
      await tx.query("create table ledger.scratch (id int)");
      await relay.cut();
      await tx.query("select 1");
    });
    expect((await faultOf(work)).code).toBe("UNAVAILABLE");
    await relay.mend();
    const { rows } = await db.query("select to_regclass('ledger.scratch') as found");
    expect(rows).toEqual([{ found: null }]);
  });

  test("that waits for what another one holds gives up after a while and can be tried again", async () => {
    await db.query("create table ledger.scratch (id int)");
    const holding = db.transaction(async (tx) => {
      await tx.query("lock table ledger.scratch");
      const waiting = db.transaction(async (other) => {
        await other.query("set local lock_timeout = 10");
        await other.query("select from ledger.scratch");
      });
      expect((await faultOf(waiting)).code).toBe("UNAVAILABLE");
    });
    await holding;
  });

  test("a mistake in a statement is not taken for an outage", async () => {
    await expect(db.query("selekt 1")).rejects.toMatchObject({ code: "42601" });
  });
});

describe("a database that hangs", () => {
  let watched: Database;
  let registry: Registry;
  const watch = (answer: number, login = ledger.config) => {
    registry = new Registry();
    const patience = { silence: 100, answer, again: 20 };
    const options = { name: "test", connections: 2, patience, registry };
    watched = openDatabase({ ...login, port: relay.port }, options, SILENT);
  };
  afterEach(() => watched.close());
  const rejected = (asked: Promise<unknown>) =>
    expect(asked).rejects.toMatchObject({ code: "UNAVAILABLE" });
  const works = () =>
    watched.query("select 1").then(
      () => true,
      () => false,
    );

  test("costs whoever asks first their patience, and others nothing, until it answers again", async () => {
    watch(500);
    relay.hold();
    await rejected(watched.query("select 1"));
    const others = Array.from({ length: 1_000 }, () => rejected(watched.query("select 1")));
    await Promise.all([...others, rejected(watched.transaction(() => Promise.resolve()))]);
    expect(await registry.metrics()).toContain("\ndatabase_away 1\n");
    relay.release();
    await eventually("it is asked again", works);
    expect(await registry.metrics()).toContain("\ndatabase_away 0\n");
    expect(await registry.metrics()).toContain("\ndatabase_silences_total 1\n");
  });

  test("does not keep a transaction that it has begun", async () => {
    watch(500);
    const work = watched.transaction(async (tx) => {
      await tx.query("select 1").catch(() => undefined);
      relay.hold();
      await tx.query("select 1");
    });
    await rejected(work);
    relay.release();
    await eventually("it is asked again", works);
  });

  test("is not one that takes long for a statement", async () => {
    watch(30_000);
    await expect(watched.query("select pg_sleep(0.5)")).resolves.toBeDefined();
    expect(await works()).toBe(true);
  });

  test("is not one that is full, and refuses whoever asks whether it is there", async () => {
    const user = `full_${ledger.config.database}`;
    await db.query(`create role ${user} login password '${user}' connection limit 1`);
    watch(30_000, { ...ledger.config, user, password: new Secret(user) });
    await expect(watched.query("select pg_sleep(0.5)")).resolves.toBeDefined();
    expect(await registry.metrics()).toContain("\ndatabase_silences_total 0\n");
    await db.query(`drop role ${user}`).catch(() => undefined);
  });
});

describe("a connection", () => {
  test.each([
    ["statement_timeout", "10s"],
    ["lock_timeout", "5s"],
    ["idle_in_transaction_session_timeout", "10s"],
    ["tcp_user_timeout", "30000"],
    ["tcp_keepalives_idle", "10"],
    ["tcp_keepalives_interval", "10"],
    ["tcp_keepalives_count", "2"],
  ])("of a host that is lost, stopped or stuck is ended by the server: %s", async (name, value) => {
    const { rows } = await db.query("select current_setting($1) as value", [name]);
    expect(rows).toEqual([{ value }]);
  });
});

/** Loses its connection when it has reserved a tag, before anybody is told. */
function deaf(database: Database): Database {
  return {
    ...database,
    query: async <Row extends object>(
      sql: string,
      values?: readonly unknown[],
      name?: StatementName,
    ) => {
      const answer = await database.query<Row>(sql, values, name);
      if (name !== "reserve tag") return answer;
      await relay.cut();
      throw new Fault("UNAVAILABLE");
    },
  };
}

/** Runs a reservation only when it is woken, and gives it up at once. */
function stalling(database: Database) {
  let [run, looks] = [() => Promise.resolve<unknown>(undefined), 0];
  const query = <Row extends object>(
    sql: string,
    values?: readonly unknown[],
    name?: StatementName,
  ) => {
    if (name === "reserve tag") {
      run = () => database.query(sql, values, name);
      return Promise.reject(new Fault("UNAVAILABLE"));
    }
    const answer = database.query<Row>(sql, values, name);
    if (sql.startsWith("select 1")) void answer.then(() => (looks += 1));
    return answer;
  };
  return { db: { ...database, query }, wake: () => run(), looks: () => looks };
}

async function faultOf(work: Promise<unknown>): Promise<Fault> {
  const outcome = await work.catch((error: unknown) => error);
  if (outcome instanceof Fault) return outcome;
  throw new Error("it did not fail as it should", { cause: outcome });
}
