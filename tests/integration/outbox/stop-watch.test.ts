import { expect, test } from "@jest/globals";
import { stopWatch } from "#gateway/outbox/stop-watch.js";
import { readStops, stopSink } from "#gateway/outbox/sql/stops.js";
import type { Database } from "#service-kit/db/pool.js";
import { SILENT } from "#tests/support/silent.js";
import { useLedger } from "#tests/support/use-ledger.js";

let db: Database;
useLedger((started) => {
  ({ db } = started);
});

const HERE = { name: "here", target: "https://here.example" };
const THERE = { name: "there", target: "https://there.example" };

test("a sink that leads elsewhere by now is not shown as stopped, and starts again; those of others stay as they are", async () => {
  await stopSink(db, HERE, "gone");
  await stopSink(db, THERE, "gone");
  const shown: (readonly string[])[] = [];
  const metrics = { stopped: (names: readonly string[]) => shown.push(names) } as never;
  const watching = (...sinks: (typeof HERE)[]) => stopWatch({ db, log: SILENT, metrics }, sinks);
  const moved = { ...HERE, target: "https://moved.example" };
  await watching(moved, THERE).look();
  await watching(HERE).look();
  expect(shown).toEqual([["there"], ["here"]]);
  await watching(moved, THERE).begin();
  expect((await readStops(db)).map(({ sink }) => sink)).toEqual(["there"]);
  expect(shown.at(-1)).toEqual(["there"]);
});
