import { expect, test } from "@jest/globals";
import {
  endStopsElsewhere,
  readStops,
  startSink,
  stopSink,
  type SinkPlace,
} from "#gateway/outbox/sql/stops.js";
import type { Database } from "#service-kit/db/pool.js";
import { useOutbox } from "./support/use-outbox.js";

const ONE: SinkPlace = { name: "one", target: "here" };
const OTHER: SinkPlace = { name: "other", target: "here" };

let db: Database;
useOutbox((parts) => {
  ({ db } = parts);
});

const stopBoth = async () => {
  for (const sink of [ONE, OTHER]) expect(await stopSink(db, sink, "it is gone")).toBe(true);
};
const stopped = async () => (await readStops(db)).map(({ sink, reason }) => `${sink}: ${reason}`);

test("a sink is stopped once, with the reason that it was stopped for, and again after it was started", async () => {
  await stopBoth();
  expect(await stopSink(db, ONE, "it is still gone")).toBe(false);
  expect(await stopped()).toEqual(["one: it is gone", "other: it is gone"]);
  await startSink(db, "one");
  expect(await stopSink(db, ONE, "it is gone anew")).toBe(true);
  expect(await stopped()).toEqual(["other: it is gone", "one: it is gone anew"]);
});

test("a sink is started once, and no other one with it", async () => {
  await stopBoth();
  expect(await startSink(db, "one")).toBe(true);
  expect(await startSink(db, "one")).toBe(false);
  expect(await stopped()).toEqual(["other: it is gone"]);
});

test("the stop of a sink that leads elsewhere by now ends, once, and that of another one stays", async () => {
  await stopBoth();
  const places = [{ ...ONE, target: "elsewhere" }, OTHER];
  expect(await endStopsElsewhere(db, places)).toEqual(["one"]);
  expect(await endStopsElsewhere(db, places)).toEqual([]);
  expect(await stopped()).toEqual(["other: it is gone"]);
});
