import { describe, expect, test } from "@jest/globals";
import { pushNeeds } from "#gateway/routes/push-needs.js";
import { whyUnusable } from "#service-kit/db/usable.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";

let db: Database;

useLedger((started) => {
  ({ db } = started);
});

const AS_READER = [
  "create role usable_reader",
  "grant usage on schema ledger to usable_reader",
  "set local role usable_reader",
];

/** @returns what is said of a database to which all this was done, which is undone afterwards */
async function saidAfter(...statements: readonly string[]): Promise<string | null> {
  let said: string | null = "";
  const undone = new Error("undone");
  const work = db.transaction(async (tx) => {
    for (const statement of statements) await tx.query(statement);
    said = await databaseCheck(tx);
    throw undone;
  });
  await expect(work).rejects.toBe(undone);
  return said;
}

/** @returns what the gateway's `/ready` says of it */
function databaseCheck(asked: Queryable, hindrance: string | null = null): Promise<string | null> {
  const needs = pushNeeds({
    db: asked,
    storage: { lookLately: () => Promise.reject(new Error("not asked")) },
    upstream: { ping: () => Promise.reject(new Error("not asked")) },
    hindrance: () => hindrance,
    clocks: { comparison: () => ({ own: "right", others: 0, differing: [], message: null }) },
    verifier: { hasKeys: () => true, refresh: () => Promise.resolve() },
  });
  return needs.database();
}

describe("a database to which a push", () => {
  test("could be written is usable", async () => {
    expect(await saidAfter()).toBeNull();
  });

  test("could not be written is not, and the reason is said", async () => {
    expect(await saidAfter("set transaction read only")).toMatch(/read-only: is it a standby/);
    expect(await saidAfter("alter schema ledger rename to gone")).toMatch(/being restored/);
    expect(await saidAfter(...AS_READER)).toBe("the database role may not write to ledger.tag");
  });

  test("cannot be written for a reason that is known already is not asked", async () => {
    const away = { query: () => Promise.reject(new Error("asked")) };
    const why = "DB_SUBNAME leads to a pooler of connections";
    expect(await databaseCheck(away, why)).toBe(why);
  });
});

test("a table that there is not is said to be missing", async () => {
  expect(await whyUnusable(db, "ledger.nothing")).toContain("no table ledger.nothing");
});
