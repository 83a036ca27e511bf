import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { lookForLess } from "#audit-log/seen-checkpoint.js";
import type { Database } from "#service-kit/db/pool.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { useLedger } from "#tests/support/use-ledger.js";

let db: Database;
let folder: TemporaryFolder;
let told: Record<string, unknown>[];

useLedger((_started, pool) => {
  db = pool;
});
beforeEach(async () => {
  folder = await temporaryFolder();
  told = [];
});
afterEach(() => folder.remove());

const look = (name = "seen.json") =>
  lookForLess({
    db,
    file: join(folder.path, name),
    log: {
      error: (fields: unknown) => void told.push(fields as Record<string, unknown>),
      warn: () => undefined,
    },
  });

/** As another history would have it: nobody can take rows from the real table. */
async function withCheckpoints(rows: readonly [number, string][], work: () => Promise<void>) {
  await db.query("alter table audit.checkpoint disable trigger user");
  await db.query("delete from audit.checkpoint");
  for (const [number, token] of rows)
    await db.query(
      "insert into audit.checkpoint (number, at, entries, token) values ($1, now(), $1, $2)",
      [number, token],
    );
  await work();
}

test("a database with less than was seen is told of once, with what is gone", async () => {
  await withCheckpoints(
    [
      [1, "one"],
      [2, "two"],
      [3, "three"],
    ],
    async () => {
      expect(await look()).toBe(false);
    },
  );
  await withCheckpoints([[1, "one"]], async () => {
    expect(await look()).toBe(true);
    expect(told).toMatchObject([
      { event: "audit.behind", seen: { number: 3 }, has: { number: 1 } },
    ]);
    expect(await look()).toBe(false);
  });
});

test("so is another history of the same length, and a database that has nothing", async () => {
  await withCheckpoints([[1, "one"]], async () => {
    expect(await look()).toBe(false);
  });
  await withCheckpoints(
    [
      [1, "other"],
      [2, "more"],
    ],
    async () => {
      expect(await look()).toBe(true);
    },
  );
  await withCheckpoints([], async () => {
    expect(await look()).toBe(true);
    expect(told.at(-1)).toMatchObject({ seen: { number: 2 }, has: null });
  });
});

test("one that goes on is not told of, and what is remembered is one whole file", async () => {
  await withCheckpoints([[1, "one"]], async () => {
    expect(await look()).toBe(false);
  });
  await withCheckpoints(
    [
      [1, "one"],
      [2, "two"],
    ],
    async () => {
      for (let i = 0; i < 3; i += 1) expect(await look()).toBe(false);
    },
  );
  expect(told).toEqual([]);
  expect(await readdir(folder.path)).toEqual(["seen.json"]);
});
