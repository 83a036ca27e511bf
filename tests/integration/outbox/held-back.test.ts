import { expect, test } from "@jest/globals";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { gatewayClocks } from "#tests/support/clocks.js";
import { eventually } from "#tests/support/eventually.js";
import { clockReading, steadyNow } from "#service-kit/clocks/clock-reading.js";
import { announcePush } from "./support/outbox.js";
import { useOutbox, type OutboxParts } from "./support/use-outbox.js";

let parts: OutboxParts;

useOutbox((made) => {
  parts = made;
});

test("a gateway whose clock is wrong delivers nothing and says so; all of it goes out once the clock is right", async () => {
  const { db, sink, start } = parts;
  let ahead = 600_000;
  const clocks = gatewayClocks(() => Date.now() + ahead);
  clocks.note(
    "Postgres",
    clockReading({ at: Date.now(), coarseness: 0 }, steadyNow(), steadyNow()),
  );
  const { log, ...logged } = readableLog();
  await announcePush(db, [sink], { repository: "alpha/app", tag: "1.0" });
  const gateway = await start(db, [sink], 3_600, 15_000, log, clocks.doubt);
  gateway.wake();
  await eventually("it says why", () => logged.linesOf("outbox.held-back").length > 0);
  expect(logged.linesOf("outbox.held-back")[0]).toMatchObject({
    level: 50,
    reason: expect.stringContaining(
      "Postgres' clock is 10 minutes behind the gateway's",
    ) as unknown,
  });
  gateway.wake();
  const another = await start(db, [sink]);
  await eventually("a gateway whose clock is right delivers it", () => sink.taken.length === 1);
  await another.stop();
  await announcePush(db, [sink], { repository: "alpha/app", tag: "2.0" });
  ahead = 0;
  gateway.wake();
  await eventually("it goes on", () => sink.taken.length === 2);
  expect(logged.linesOf("event.delivered").map(({ attempts }) => attempts)).toEqual([1]);
  expect(logged.linesOf("outbox.held-back")).toHaveLength(1);
  expect(logged.linesOf("outbox.goes-on")).toHaveLength(1);
});

test("what a gateway delivers when its clock goes wrong ends with the event under way", async () => {
  const { db, sink, start } = parts;
  let reason: string | null = null;
  for (const tag of ["1.0", "2.0", "3.0"])
    await announcePush(db, [sink], { repository: "alpha/app", tag });
  sink.meet(() => {
    reason = "the gateway's clock is wrong";
    return Promise.resolve();
  });
  const { log, ...logged } = readableLog();
  await start(db, [sink], 3_600, 15_000, log, () => reason);
  await eventually("it is held back", () => logged.linesOf("outbox.held-back").length > 0);
  expect(sink.taken.map(({ tag }) => tag)).toEqual(["1.0"]);
});
