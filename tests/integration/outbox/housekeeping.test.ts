import { expect, test } from "@jest/globals";
import { readStops, stopSink } from "#gateway/outbox/sql/stops.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { useIntervals } from "#tests/support/use-intervals.js";
import { keepingSink, type KeepingSink } from "./support/outbox.js";
import { useOutbox, type OutboxParts } from "./support/use-outbox.js";

/** Nothing but a few statements is waited for, in milliseconds. */
const SOON = 10_000;
const TEN_MINUTES = 600_000;

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
