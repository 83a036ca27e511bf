import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { readableLog, type ReadableLog } from "../logins/support/log.js";
import { outboxCommand } from "./support/command.js";
import {
  announcePush,
  gone,
  keepingSink,
  passTime,
  statesOf,
  type KeepingSink,
} from "./support/outbox.js";
import { useOutbox, type OutboxParts } from "./support/use-outbox.js";

let db: Database;
let ledger: OutboxParts["ledger"];
let sink: KeepingSink;
let start: OutboxParts["start"];
let log: ReadableLog;

useOutbox((parts) => {
  ({ db, ledger, sink, start } = parts);
});
beforeEach(() => {
  log = readableLog();
  sink.meet(gone);
});

const startGateway = (sinks: readonly KeepingSink[] = [sink], giveUpSeconds = 3_600) =>
  start(db, sinks, giveUpSeconds, 15_000, log.log);

const logged = (event: string) => log.linesOf(event);
const push = (repository: string, tag: string, sinks: readonly KeepingSink[] = [sink]) =>
  announcePush(db, sinks, { repository, tag });

async function isStopped(): Promise<void> {
  await eventually("it is stopped", async () => {
    const { rows } = await db.query("select from ledger.sink_stop where ended_at is null");
    return rows.length > 0;
  });
}

/** Claims are given back when the sink has answered: after that nobody asks it. */
async function isQuiet(): Promise<number> {
  await eventually("no attempt is under way", async () => {
    const { rows } = await db.query("select from ledger.outbox where claim is not null");
    return rows.length === 0;
  });
  return sink.attempts();
}

describe("a sink that answers that it wants no more events", () => {
  test("is asked no more, and other sinks go on with the events of the same repository", async () => {
    const other = keepingSink("other");
    await push("alpha/app", "1.0", [sink, other]);
    const gateway = await startGateway([sink, other]);
    await isStopped();
    const asked = await isQuiet();
    for (const tag of ["1.1", "1.2"]) await push("alpha/app", tag, [sink, other]);
    await push("beta/app", "1.0", [sink, other]);
    await passTime(db);
    gateway.wake();
    await eventually("the other sink has all", () => other.taken.length === 4);
    expect(sink.attempts()).toBe(asked);
    expect(sink.taken).toEqual([]);
    expect(Object.values(await statesOf(db)).filter((state) => state === "dead")).toEqual([]);
  });

  test("is told of in the log once, however many of its queues hear of it, and by a metric", async () => {
    for (const name of ["one", "two", "three", "four"]) await push(`alpha/${name}`, "1.0");
    const gateway = await startGateway();
    await isStopped();
    await isQuiet();
    expect(logged("event.sink-stopped")).toHaveLength(1);
    const [line] = logged("event.sink-stopped");
    expect(line).toMatchObject({ level: 50, sink: "kept", reason: "the sink answered 410" });
    expect(line?.["hint"]).toContain("npm run outbox -- start --sink kept");
    await eventually("the metric says so", async () =>
      (await gateway.metrics()).includes('event_sink_stopped{sink="kept"} 1'),
    );
  });

  test("stays stopped when gateways are started anew, which say so", async () => {
    await push("alpha/app", "1.0");
    await (async () => {
      const first = await startGateway();
      await isStopped();
      await first.stop();
    })();
    const asked = sink.attempts();
    const second = await startGateway();
    await eventually("it says so", () => logged("event.sink-still-stopped").length === 1);
    second.wake();
    await push("beta/app", "1.0");
    await eventually("the metric says so", async () =>
      (await second.metrics()).includes('event_sink_stopped{sink="kept"} 1'),
    );
    expect(sink.attempts()).toBe(asked);
  });

  test("is listed by the command, and gets what was kept for it when it is started again", async () => {
    await push("alpha/app", "1.0");
    const gateway = await startGateway();
    await isStopped();
    await isQuiet();
    await push("alpha/app", "1.1");
    const { stdout } = await outboxCommand(ledger, "list");
    expect(stdout).toMatch(
      /^SINK +STOPPED +BECAUSE\nkept +\d+ s ago +the sink answered 410\n\nSINK/,
    );
    expect((await outboxCommand(ledger, "list", "--sink", "other")).stdout).not.toContain(
      "STOPPED",
    );
    sink.meet(() => Promise.resolve());
    const started = await outboxCommand(ledger, "start", "--sink", "kept");
    expect(started.stdout).toBe("kept is delivered to again, 2 events wait for it\n");
    await eventually("both were delivered", () => sink.taken.length === 2);
    expect(sink.taken.map(({ tag }) => tag)).toEqual(["1.0", "1.1"]);
    await eventually("the metric says so", async () =>
      (await gateway.metrics()).includes('event_sink_stopped{sink="kept"} 0'),
    );
    const again = await outboxCommand(ledger, "start", "--sink", "kept");
    expect(again.stdout).toBe("kept was not stopped\n");
  });

  test("is stopped and told of anew when it says the same after it was started", async () => {
    await push("alpha/app", "1.0");
    await startGateway();
    await isStopped();
    await isQuiet();
    await outboxCommand(ledger, "start", "--sink", "kept");
    await isStopped();
    await eventually("the log says so", () => logged("event.sink-stopped").length === 2);
  });

  test("loses nothing by its time: what waited counts as queued when it was started again", async () => {
    await push("alpha/app", "1.0");
    const gateway = await startGateway([sink], 3_600);
    await isStopped();
    await isQuiet();
    await db.query("update ledger.delivery set queued_at = queued_at - interval '9 days'");
    sink.meet(() => Promise.reject(new Error("it fails in another way")));
    await outboxCommand(ledger, "start", "--sink", "kept");
    const asked = sink.attempts();
    await eventually("it was tried four times", async () => {
      await passTime(db);
      gateway.wake();
      return sink.attempts() >= asked + 4;
    });
    expect(await statesOf(db)).toEqual({ "1.0": "waiting" });
  });

  test("is started again by leading elsewhere, and by nothing else in the configuration", async () => {
    await push("alpha/app", "1.0");
    const first = await startGateway();
    await isStopped();
    await first.stop();
    const elsewhere = keepingSink("kept", () => true, "elsewhere");
    await startGateway([elsewhere]);
    await eventually("it was delivered", () => elsewhere.taken.length === 1);
    expect(sink.taken).toEqual([]);
    await eventually(
      "that it moved is in the log",
      () => logged("event.sink-elsewhere").length > 0,
    );
    expect((await outboxCommand(ledger, "list")).stdout).toBe("nothing waits\n");
  });
});
