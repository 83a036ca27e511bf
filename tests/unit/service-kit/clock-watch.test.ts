import { expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { clockReading, steadyNow } from "#service-kit/clocks/clock-reading.js";
import { clockWatch } from "#service-kit/clocks/clock-watch.js";
import { eventually } from "#tests/support/eventually.js";

/** A clock that is so many minutes ahead of this machine's. */
const reading = (minutes: number) =>
  clockReading({ at: Date.now() + minutes * 60_000, coarseness: 0 }, steadyNow(), steadyNow());

function watchOf(minutes: Readonly<Record<string, number | null>>, now: () => number = Date.now) {
  const told: object[] = [];
  const registry = new Registry();
  const log = { error: (line: object) => told.push(line), info: (line: object) => told.push(line) };
  const sources = Object.entries(minutes).map(([name, ahead]) => ({
    name,
    read: () => (ahead === null ? Promise.reject(new Error("away")) : Promise.resolve(reading(ahead))), // prettier-ignore
  }));
  const watch = clockWatch("the gateway", sources, { log, metrics: { registry }, now });
  return { watch, told, registry };
}

test("clocks are asked at the start, and a difference is told once and shown by metrics", async () => {
  const { watch, told, registry } = watchOf({ Postgres: 10, "the registry": 10, another: null });
  await watch.start();
  await eventually("it was told", () => told.length > 0);
  expect(told).toEqual([
    expect.objectContaining({ event: "clocks.differ", own: "wrong", message: watch.doubt() }),
  ]);
  const metrics = await registry.metrics();
  expect(metrics).toMatch(/clock_ahead_seconds\{clock="Postgres"\} (600|599\.\d+|600\.\d+)/);
  expect(metrics).toContain("clock_doubted 1");
  await watch.stop();
});

test("a clock that is noted counts as one that is asked", () => {
  const { watch } = watchOf({});
  expect(watch.doubt()).toBeNull();
  watch.note("the token server", reading(-16));
  expect(watch.doubt()).toContain("16 minutes behind the gateway's");
  watch.note("the token server", reading(0));
  expect(watch.doubt()).toBeNull();
});

test("an own clock that is set right is right at once, since others are held against one that is never set", () => {
  let ahead = 600_000;
  const { watch } = watchOf({}, () => Date.now() + ahead);
  watch.note("Postgres", reading(0));
  watch.note("the token server", reading(0));
  expect(watch.comparison().own).toBe("wrong");
  ahead = 0;
  expect(watch.comparison().own).toBe("right");
});
