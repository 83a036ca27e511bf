import { describe, expect, test } from "@jest/globals";
import { pruneEvents } from "#gateway/outbox/sql/prune.js";
import { WORK_LOCKS } from "#service-kit/db/locks.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { outboxCommand } from "./support/command.js";
import {
  announcePush,
  away,
  keepingSink,
  passTime,
  refuse,
  statesOf,
  type KeepingSink,
  type TestDispatcher,
} from "./support/outbox.js";
import { useOutbox, type OutboxParts } from "./support/use-outbox.js";

let ledger: OutboxParts["ledger"];
let db: Database;
let sink: KeepingSink;
let gateway: TestDispatcher;

useOutbox(async (parts) => {
  ({ ledger, db, sink } = parts);
  gateway = await parts.start(db, [sink]);
});

const outbox = (...args: string[]) => outboxCommand(ledger, ...args);

async function giveUp(tag: string): Promise<void> {
  sink.meet(refuse);
  await announcePush(db, [sink], { repository: "alpha/app", tag });
  await eventually(`${tag} was given up`, async () => {
    await passTime(db);
    gateway.wake();
    return (await statesOf(db))[tag] === "dead";
  });
  sink.meet(() => Promise.resolve());
}

describe("the command for the outbox", () => {
  test("lists what waits and why", async () => {
    expect((await outbox("list")).stdout).toBe("nothing waits\n");
    sink.meet(away);
    await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
    await eventually("it failed", () => sink.attempts() > 0);
    await eventually("it is listed with its error", async () =>
      /^kept +alpha\/app +1 +\d+ s +[1-9]\d* .*connection refused$/m.test(
        (await outbox("list")).stdout,
      ),
    );
    const { stdout } = await outbox("list", "--sink", "other");
    expect(stdout).toMatch(/^other +0 +- +0$/m);
    expect(stdout).not.toContain("alpha/app");
  });

  test("says of a sink and a repository that nothing was ever meant for them", async () => {
    await giveUp("1.0");
    const known = await outbox("dead", "--sink", "kept", "--repository", "alpha/app");
    expect([known.code, known.stderr]).toEqual([0, ""]);
    const { code, stdout, stderr } = await outbox(
      ...["discard", "--dead", "--sink", "kpet", "--repository", "alpha/ap"],
    );
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toBe(
      "--sink: nothing was ever meant for kpet\n--repository: nothing was ever meant for alpha/ap\n",
    );
    expect((await statesOf(db))["1.0"]).toBe("dead");
  });

  test("lets those behind an event that fails go on, and delivers that later", async () => {
    sink.meet(away);
    for (const tag of ["1.0", "1.1"])
      await announcePush(db, [sink], { repository: "alpha/app", tag });
    await eventually("it failed", () => sink.attempts() > 0);
    const queue = ["--sink", "kept", "--repository", "alpha/app"];
    const waiting = async () => Object.entries(await statesOf(db)).sort();
    const { rows } = await db.query<{ event: string }>(
      "select event from ledger.delivery where sink = 'kept' order by position",
    );
    const [first = "", second = ""] = rows.map(({ event }) => event);
    const early = await outbox("give-up", "--event", second);
    expect([early.code, early.stdout]).toEqual([1, expect.stringContaining("comes first")]);
    expect((await outbox("give-up", "--event", first)).stdout).toBe("1 events were given up\n");
    expect(await waiting()).toEqual([
      ["1.0", "dead"],
      ["1.1", "waiting"],
    ]);
    expect((await outbox("dead")).stdout).toContain("given up by hand");
    expect((await outbox("skip", ...queue)).code).toBe(0);
    const none = await outbox("skip", ...queue);
    expect([none.code, none.stdout]).toEqual([1, "nothing waits there\n"]);
    sink.meet(() => Promise.resolve());
    expect((await outbox("replay", "--dead")).stdout).toBe("2 events will be delivered again\n");
    gateway.wake();
    await eventually("both are delivered", async () =>
      (await waiting()).every(([, state]) => state === "delivered"),
    );
  });

  test("tries now what waits for its next attempt", async () => {
    sink.meet(away);
    await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
    await eventually("it failed", () => sink.attempts() > 0);
    await db.query("update ledger.outbox set claim = null, due_at = now() + interval '1 day'");
    sink.meet(() => Promise.resolve());
    expect((await outbox("retry", "--sink", "kept")).stdout).toBe("1 queues are tried now\n");
    gateway.wake();
    await eventually("it is delivered", async () => (await statesOf(db))["1.0"] === "delivered");
  });

  test("lists what was given up and delivers it again", async () => {
    await giveUp("1.0");
    await giveUp("1.1");
    const { stdout } = await outbox("dead");
    expect(stdout).toMatch(/^[0-9a-f-]{36} +kept +push +alpha\/app:1.0 .*the sink answered 422$/m);
    expect((await outbox("replay", "--dead", "--repository", "alpha/none")).code).toBe(2);
    expect((await outbox("replay", "--dead")).stdout).toMatch(/^2 events/);
    await eventually("both were delivered", () => sink.taken.length === 2);
    expect(sink.taken.map(({ tag }) => tag)).toEqual(["1.0", "1.1"]);
    expect((await outbox("dead")).stdout).toBe("nothing was given up\n");
    expect((await outbox("replay", "--dead")).stdout).toMatch(/^0 /);
  });

  test("delivers one event, or all since a time, again under the same id", async () => {
    for (const tag of ["1.0", "1.1"])
      await announcePush(db, [sink], { repository: "alpha/app", tag });
    await eventually("both were delivered", () => sink.taken.length === 2);
    const id = sink.taken[1]?.id ?? "";
    expect((await outbox("replay", "--event", id)).stdout).toMatch(/^1 /);
    await eventually("one came again", () => sink.taken.length === 3);
    expect(sink.taken[2]?.id).toBe(id);
    expect((await outbox("replay", "--since", "2099-01-01")).stdout).toMatch(/^0 /);
    expect((await outbox("replay", "--since", "2020-01-01T00:00:00Z")).stdout).toMatch(/^2 /);
    await eventually("both came again", () => sink.taken.length === 5);
    const changes = (await ledger.audited()).filter(({ action }) => action === "outbox.changed");
    expect(changes.map(({ detail }) => detail)).toStrictEqual([
      { event: id },
      { since: "2099-01-01T00:00:00.000Z" },
      { since: "2020-01-01T00:00:00.000Z" },
    ]);
  });

  test("forgets what was given up when told so", async () => {
    await giveUp("1.0");
    expect((await outbox("discard")).code).toBe(2);
    expect((await outbox("discard", "--dead")).stdout).toMatch(/^1 /);
    expect((await outbox("dead")).stdout).toBe("nothing was given up\n");
  });

  test("empties the queues of a sink that is configured no more, and leaves those of others", async () => {
    const removed = keepingSink("removed");
    sink.meet(away);
    for (const repository of ["alpha/app", "beta/app"])
      await announcePush(db, [sink, removed], { repository, tag: "1.0" });
    expect((await outbox("discard", "--waiting")).code).toBe(2);
    expect((await outbox("discard", "--waiting", "--sink", "removed")).stdout).toMatch(/^2 /);
    const { stdout } = await outbox("list");
    expect(stdout).not.toContain("removed");
    sink.meet(() => Promise.resolve());
    await passTime(db);
    await eventually("others are delivered", () => sink.taken.length === 2);
    await announcePush(db, [removed], { repository: "alpha/app", tag: "1.1" });
    expect((await outbox("list")).stdout).toMatch(/^removed +1 /m);
  });

  test.each([
    [[], "wanted one of: list"],
    [["discard", "--waiting", "--sink", "x", "--since", "2020-01-01"], "wanted --sink NAME"],
    [["start"], "wanted --sink NAME"],
    [["start", "--sink", "kept", "--repository", "alpha/app"], "nothing else"],
    [["replay"], "wanted one of --dead"],
    [["replay", "--dead", "--since", "2020-01-01"], "wanted one of --dead"],
    [["replay", "--event", "1"], "wanted the id of an event"],
    [["replay", "--since", "yesterday"], "wanted a time"],
    [["give-up"], "give-up: wanted --event ID"],
    [["skip", "--sink", "kept"], "skip: wanted --sink NAME and --repository NAME"],
    [["retry", "--since", "1h"], "retry: --since does not belong to it"],
    [["list", "--limit", "0"], "wanted a number"],
    [["list", "--what"], "--what"],
  ])("says what is wrong with %j", async (args, message) => {
    const { code, stderr } = await outbox(...args);
    expect(code).toBe(2);
    expect(stderr).toContain(message);
  });
});

describe("events that were delivered long ago", () => {
  test("are forgotten, those that wait or were given up are not", async () => {
    await giveUp("dead");
    await announcePush(db, [sink], { repository: "alpha/app", tag: "done" });
    await announcePush(db, [], { repository: "alpha/app", tag: "nobody wanted it" });
    await eventually("one was delivered", () => sink.taken.length === 1);
    sink.meet(away);
    await announcePush(db, [sink], { repository: "beta/app", tag: "waiting" });
    expect(await pruneEvents(db, 30)).toBe(0);
    await db.query("update ledger.event set occurred_at = occurred_at - interval '31 days'");
    expect(await pruneEvents(db, 30)).toBe(2);
    const { rows } = await db.query("select tag from ledger.event order by tag");
    expect(rows).toEqual([{ tag: "dead" }, { tag: "waiting" }]);
  });

  test("are left to whoever is forgetting them already", async () => {
    await announcePush(db, [], { repository: "alpha/app", tag: "nobody wanted it" });
    await db.query("update ledger.event set occurred_at = occurred_at - interval '31 days'");
    await db.transaction(async (tx) => {
      await tx.query("select pg_advisory_xact_lock($1)", [WORK_LOCKS["old events"]]);
      expect(await pruneEvents(db, 30)).toBe(0);
    });
    expect(await pruneEvents(db, 30)).toBe(1);
  });
});
