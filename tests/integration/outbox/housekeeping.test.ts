import { expect, test } from "@jest/globals";
import { readStops, stopSink } from "#gateway/outbox/sql/stops.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { gate } from "#tests/support/gate.js";
import { SOON, useIntervals } from "#tests/support/use-intervals.js";
import { readableLog } from "../logins/support/log.js";
import { announcePush, keepingSink, type KeepingSink } from "./support/outbox.js";
import { useOutbox, type OutboxParts } from "./support/use-outbox.js";

const TEN_MINUTES = 600_000;
/** Queues of one sink that a gateway delivers at once. */
const AT_ONCE = 4;

let db: Database;
let sink: KeepingSink;
let start: OutboxParts["start"];
const pass = useIntervals();
useOutbox((parts) => {
  ({ db, sink, start } = parts);
});

test("a stop of a sink that leads elsewhere by now is ended also by gateways that have started long before", async () => {
  const before = { ...keepingSink(sink.name), target: "before" };
  const forgotten = () =>
    eventually("it is forgotten", async () => (await readStops(db)).length === 0, SOON);
  await stopSink(db, before, "it wants no more");
  await start(db, [sink]);
  await forgotten();
  await stopSink(db, before, "it wants no more");
  expect(await readStops(db)).toHaveLength(1);
  pass(TEN_MINUTES);
  await forgotten();
});

test("what waits is measured again and again, and it is told where that fails by a mistake", async () => {
  const log = readableLog();
  const query = (...asked: Parameters<Database["query"]>) =>
    asked[0].includes("oldest") ? Promise.reject(new Error("a mistake")) : db.query(...asked);
  await start({ ...db, query } as Database, [sink], 3_600, 15_000, log.log);
  await eventually(
    "it is told",
    () => {
      pass(TEN_MINUTES);
      return log.linesOf("outbox.failed").length > 0;
    },
    SOON,
  );
});

test("so many queues of a sink are delivered at once, and no more", async () => {
  const shut = gate();
  let [now, most] = [0, 0];
  sink.meet(async () => {
    now += 1;
    most = Math.max(most, now);
    await shut.opened;
    now -= 1;
  });
  const repositories = Array.from({ length: 3 * AT_ONCE }, (_, i) => `alpha/app-${i}`);
  for (const repository of repositories) await announcePush(db, [sink], { repository, tag: "1.0" });
  await start(db, [sink]);
  await eventually(
    "it delivers",
    () => {
      pass(1_000);
      return now >= AT_ONCE;
    },
    SOON,
  );
  shut.open();
  await eventually(
    "all are delivered",
    () => {
      pass(1_000);
      return sink.taken.length === repositories.length;
    },
    SOON,
  );
  expect(most).toBe(AT_ONCE);
});
