import { describe, expect, test } from "@jest/globals";
import { claimQueue } from "#gateway/outbox/sql/deliver.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import {
  announcePush,
  away,
  keepingSink,
  passTime,
  refuse,
  statesOf,
  type KeepingSink,
} from "./support/outbox.js";
import { useOutbox, type OutboxParts } from "./support/use-outbox.js";

let db: Database;
let ledger: OutboxParts["ledger"];
let sink: KeepingSink;
let relay: OutboxParts["relay"];
let start: OutboxParts["start"];

useOutbox((parts) => {
  ({ ledger, relay, db, sink, start } = parts);
});

const tagsOf = ({ taken }: KeepingSink) => taken.map(({ tag }) => tag);
const numbers = (count: number) => Array.from({ length: count }, (_, i) => String(i));

describe("events in the outbox", () => {
  test("are delivered with all that is known of them", async () => {
    await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
    await start(db, [sink]);
    await eventually("it was delivered", () => sink.taken.length === 1);
    const [event] = sink.taken;
    expect(event).toMatchObject({
      action: "push",
      repository: "alpha/app",
      tag: "1.0",
      digest: `sha256:${"a".repeat(64)}`,
      previousDigest: null,
      actor: { uid: "alice" },
      reason: "stored by the registry",
    });
    expect(Math.abs(Date.now() - (event?.occurredAt.getTime() ?? 0))).toBeLessThan(60_000);
  });

  test("are delivered in the order of their repository's commits, by whichever gateways share the work", async () => {
    const gateways = [ledger.open(), ledger.open(), ledger.open()];
    for (const each of gateways) await start(each, [sink]);
    const repositories = ["alpha/one", "alpha/two", "beta/three"];
    const pushes = [...numbers(150)];
    // Of one repository one commits at a time: no more wait for it than find a connection soon, on a busy machine too.
    while (pushes.length > 0)
      await Promise.all(
        pushes.splice(0, 9).map((tag) =>
          announcePush(gateways[Number(tag) % 3] ?? db, [sink], {
            repository: repositories[Number(tag) % repositories.length] ?? "",
            tag,
          }),
        ),
      );
    await eventually("all were delivered", () => sink.taken.length >= 150);
    const { rows } = await db.query<{ repository: string; tag: string }>(
      `select delivery.repository, event.tag from ledger.delivery
       join ledger.event on event.id = delivery.event order by delivery.repository, position`,
    );
    const inOrder = [...sink.taken].sort((a, b) => a.repository.localeCompare(b.repository));
    expect(inOrder.map(({ repository, tag }) => ({ repository, tag }))).toEqual(rows);
  });

  test("that come to light out of order are impossible: a later commit waits for an earlier one", async () => {
    await start(db, [sink]);
    let release = (): void => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = ledger.open().transaction(async (tx) => {
      await announcePush({ ...db, transaction: (work) => work(tx) }, [sink], {
        repository: "alpha/app",
        tag: "early",
      });
      await held;
    });
    await eventually("the early one has its place", async () => {
      const { rows } = await db.query<{ locked: boolean }>(
        `select count(*) > 0 as locked from pg_locks
         where relation = 'ledger.delivery'::regclass and mode = 'RowExclusiveLock'`,
      );
      return rows[0]?.locked === true;
    });
    const late = announcePush(ledger.open(), [sink], { repository: "alpha/app", tag: "late" });
    await announcePush(ledger.open(), [sink], { repository: "alpha/other", tag: "free" });
    await eventually("another repository does not wait", () => tagsOf(sink).includes("free"));
    expect(tagsOf(sink)).toEqual(["free"]);
    release();
    await Promise.all([slow, late]);
    await eventually("both were delivered", () => sink.taken.length === 3);
    expect(tagsOf(sink)).toEqual(["free", "early", "late"]);
  });

  test("of a repository wait behind one that fails, those of others do not", async () => {
    sink.meet(({ tag }) => (tag === "bad" ? away() : Promise.resolve()));
    await announcePush(db, [sink], { repository: "alpha/app", tag: "bad" });
    await announcePush(db, [sink], { repository: "alpha/app", tag: "behind" });
    await announcePush(db, [sink], { repository: "beta/app", tag: "elsewhere" });
    const gateway = await start(db, [sink]);
    await eventually("the other repository's was", () => tagsOf(sink).includes("elsewhere"));
    expect(tagsOf(sink)).toEqual(["elsewhere"]);
    await eventually("it failed more than once", async () => {
      await passTime(db);
      gateway.wake();
      return sink.attempts() >= 4;
    });
    sink.meet(() => Promise.resolve());
    await passTime(db);
    await eventually("all were delivered", () => sink.taken.length === 3);
    expect(tagsOf(sink)).toEqual(["elsewhere", "bad", "behind"]);
  });

  test("for a slow sink keep no other sink waiting", async () => {
    const slow = keepingSink("slow");
    let answer = (): void => undefined;
    slow.meet(
      () =>
        new Promise((resolve) => {
          answer = resolve;
        }),
    );
    for (const tag of numbers(10))
      await announcePush(db, [sink, slow], { repository: `alpha/app-${tag}`, tag });
    await start(db, [sink, slow]);
    await eventually("the quick one has all", () => sink.taken.length === 10);
    expect(slow.taken).toEqual([]);
    slow.meet(() => Promise.resolve());
    answer();
  });

  test("reach only the sinks that want them", async () => {
    const picky = keepingSink("picky", ({ tag }) => tag === "1.0");
    for (const tag of ["0.9", "1.0"])
      await announcePush(db, [sink, picky], { repository: "alpha/app", tag });
    await start(db, [sink, picky]);
    await eventually("both sinks have theirs", () => sink.taken.length + picky.taken.length === 3);
    expect(tagsOf(picky)).toEqual(["1.0"]);
  });

  test("go on although attempts before them never ended", async () => {
    sink.meet(() => new Promise(() => undefined));
    for (const name of numbers(5))
      await announcePush(db, [sink], { repository: `alpha/app-${name}`, tag: name });
    await start(db, [sink], 3_600, 50);
    await eventually("as many hang as may", () => sink.attempts() >= 4);
    sink.meet(() => Promise.resolve());
    await eventually("all were delivered", () => new Set(tagsOf(sink)).size === 5);
  });

  test("are delivered after Postgres was away", async () => {
    const gateway = await start(ledger.open({ port: relay.port }), [sink]);
    await relay.cut();
    await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
    await relay.mend();
    await eventually("it was delivered", () => sink.taken.length === 1);
    await gateway.stop();
  });

  test("claimed by a gateway that died are delivered by another when the claim has ended", async () => {
    await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
    expect(await claimQueue(db, sink, { leaseSeconds: 1, most: 20 })).toMatchObject({
      repository: "alpha/app",
    });
    expect(await claimQueue(db, sink, { leaseSeconds: 1, most: 20 })).toBeNull();
    await start(db, [sink]);
    await eventually("it was delivered", () => sink.taken.length === 1);
  });
});

describe("what a delivery costs Postgres", () => {
  /** @returns a pool that notes statements that found or changed something */
  function noting(pool: Database): { readonly noted: Database; readonly names: string[] } {
    const names: string[] = [];
    const query: Database["query"] = async (sql, values, name, about) => {
      const answer = await pool.query<never>(sql, values, name, about);
      if ((answer.rowCount ?? 0) > 0 && /queue|settle/.test(name ?? "")) names.push(name ?? "");
      return answer;
    };
    return { noted: { ...pool, query }, names };
  }

  test("is two statements for one that comes alone", async () => {
    const { noted, names } = noting(db);
    const gateway = await start(noted, [sink]);
    await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
    gateway.wake();
    await eventually("it is settled", () => names.includes("settle delivery"));
    await gateway.stop();
    expect(names).toEqual(["claim queue", "settle delivery"]);
    expect(await statesOf(db)).toEqual({ "1.0": "delivered" });
  });

  test("is one for each that came with the queue, and one for all of them", async () => {
    for (const tag of numbers(3)) await announcePush(db, [sink], { repository: "alpha/app", tag });
    const { noted, names } = noting(db);
    const gateway = await start(noted, [sink]);
    await eventually("they are settled", () => names.length >= 4);
    await gateway.stop();
    expect(names).toEqual(["claim queue", ...numbers(3).map(() => "settle delivery")]);
  });
});

describe("an event that a sink refuses for good", () => {
  test("once, after it was away, is delivered all the same", async () => {
    const answers = [away, away, away, refuse];
    let asked = 0;
    sink.meet(() => {
      asked += 1;
      return answers[asked - 1]?.() ?? Promise.resolve();
    });
    await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
    const gateway = await start(db, [sink]);
    await eventually("it was delivered", async () => {
      await passTime(db);
      gateway.wake();
      return (await statesOf(db))["1.0"] !== "waiting";
    });
    expect(await statesOf(db)).toEqual({ "1.0": "delivered" });
    expect(asked).toBe(5);
  });

  test("is given up with the reason, and those behind it go on", async () => {
    sink.meet(({ tag }) => (tag === "bad" ? refuse() : Promise.resolve()));
    for (const tag of ["bad", "good"])
      await announcePush(db, [sink], { repository: "alpha/app", tag });
    const gateway = await start(db, [sink]);
    await eventually("the good one was delivered", async () => {
      await passTime(db);
      gateway.wake();
      return (await statesOf(db)).good === "delivered";
    });
    expect(await statesOf(db)).toEqual({ bad: "dead", good: "delivered" });
    const { rows } = await db.query(
      "select attempts, last_error from ledger.delivery where state = 'dead'",
    );
    expect(rows).toEqual([{ attempts: 3, last_error: "the sink answered 422" }]);
    await eventually("the metrics say so", async () =>
      (await gateway.metrics()).includes('event_dead{sink="kept"} 1'),
    );
  });

  test("says in general words that the sink failed in a way of its own: its text may hold anything", async () => {
    sink.meet(() => Promise.reject(new TypeError("the secret is hunter2")));
    await announcePush(db, [sink], { repository: "alpha/app", tag: "odd" });
    await start(db, [sink], 0);
    await eventually("it was given up", async () => {
      await passTime(db);
      return (await statesOf(db)).odd === "dead";
    });
    const { rows } = await db.query("select last_error from ledger.delivery");
    expect(rows).toEqual([
      { last_error: "the sink failed in an unexpected way; the log says how" },
    ]);
  });

  test("is given up at the third attempt when it was queued too long ago", async () => {
    sink.meet(away);
    await announcePush(db, [sink], { repository: "alpha/app", tag: "old" });
    await start(db, [sink], 0);
    await eventually("it was given up", async () => {
      await passTime(db);
      return (await statesOf(db)).old === "dead";
    });
    expect(sink.attempts()).toBe(3);
  });

  test.each([
    ["before that was kept: by when it happened", null, "9 days", "dead"],
    ["just now: it is tried on, however long ago it happened", "0 days", "9 days", "waiting"],
  ])("was queued %s", async (_, queued, happened, state) => {
    sink.meet(away);
    await announcePush(db, [sink], { repository: "alpha/app", tag: "old" });
    await db.query("update ledger.event set occurred_at = occurred_at - $1::interval", [happened]);
    await db.query("update ledger.delivery set queued_at = queued_at - $1::interval", [queued]);
    const gateway = await start(db, [sink]);
    await eventually("it was tried four times or given up", async () => {
      await passTime(db);
      gateway.wake();
      return sink.attempts() > 3 || (await statesOf(db)).old === "dead";
    });
    expect((await statesOf(db)).old).toBe(state);
  });
});

describe("metrics of the outbox", () => {
  test("tell what waits, how old it is, and how attempts ended", async () => {
    sink.meet(away);
    await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
    const gateway = await start(db, [sink]);
    const says = (line: string | RegExp) => async () =>
      (await gateway.metrics()).split("\n").some((each) => each.match(line) !== null);
    expect(await gateway.metrics()).toContain('{sink="kept",outcome="dead"} 0');
    await eventually("one waits", says(/^event_backlog\{sink="kept"\} 1$/));
    await eventually("for a while", says(/^event_backlog_age_seconds\{sink="kept"\} [1-9]/));
    await eventually(
      "in vain",
      says(/^event_deliveries_total\{sink="kept",outcome="failed"\} [1-9]/),
    );
    sink.meet(() => Promise.resolve());
    await passTime(db);
    await eventually("none waits", says(/^event_backlog\{sink="kept"\} 0$/));
    expect(await gateway.metrics()).toContain('{sink="kept",outcome="delivered"} 1');
  });
});
