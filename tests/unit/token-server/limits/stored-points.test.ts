import { beforeEach, describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { PointStore } from "#token-server/limits/points.js";
import { storedPoints } from "#token-server/limits/stored-points.js";

const MOST = 3;

/** Whether Postgres answers, and what is taken there: by whichever replica. */
let isAway: boolean;
let taken: Set<string>;
let points: PointStore;

beforeEach(() => {
  [isAway, taken] = [false, new Set()];
  points = storedPoints({ query } as Queryable, 60, () => 0);
});

function query(_sql: string, values: readonly unknown[] = []) {
  if (isAway) return Promise.reject(new Fault("UNAVAILABLE"));
  const [, credential = ""] = values.map(String);
  if (values.length === 2) taken.delete(credential);
  else if (taken.size < MOST) taken.add(credential);
  const rows = [{ taken: taken.has(credential), milliseconds: 60_000 }];
  return Promise.resolve({ rows, rowCount: 1 });
}

const take = async (credential: string) =>
  (await points.take({ key: "account:alice", credential, most: MOST })).taken;

describe("points of guessers", () => {
  test("are no more than there are when Postgres goes away in the midst of it", async () => {
    expect([await take("1"), await take("2")]).toEqual([true, true]);
    isAway = true;
    expect([await take("3"), await take("4"), await take("1")]).toEqual([true, false, true]);
  });

  test("that were given back are free while Postgres is away", async () => {
    for (const credential of ["1", "2", "3"]) await take(credential);
    await points.giveBack({ key: "account:alice", credential: "1", most: MOST });
    isAway = true;
    expect([await take("4"), await take("5")]).toEqual([true, false]);
  });

  test("are those of all replicas as long as Postgres answers, whatever is known here", async () => {
    for (const credential of ["1", "2", "3"]) await take(credential);
    taken.clear();
    expect([await take("4"), await take("5")]).toEqual([true, true]);
  });
});
