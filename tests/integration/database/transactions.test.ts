import { beforeEach, describe, expect, test } from "@jest/globals";
import type { Database, OwnTransaction } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";

let db: Database;

useLedger((_ledger, opened) => {
  db = opened;
});
beforeEach(async () => {
  await db.query("drop table if exists public.written");
  await db.query("create table public.written (what text unique)");
});

const write = (tx: Pick<OwnTransaction, "query">, what: unknown) =>
  tx.query("insert into public.written values ($1)", [what]);
const written = async () =>
  (await db.query<{ what: string }>("select what from public.written order by what")).rows.map(
    ({ what }) => what,
  );

describe("statements of a transaction that are begun together", () => {
  test("run in the order in which they were begun, and count together", async () => {
    await db.transaction(async (tx) => {
      const [, counted] = await Promise.all([
        write(tx, "a"),
        tx.query<{ count: number }>("select count(*)::int as count from public.written"),
        write(tx, "b"),
      ]);
      expect(counted.rows).toEqual([{ count: 1 }]);
    });
    expect(await written()).toEqual(["a", "b"]);
  });

  test("count not at all when one of them fails, and that one is what is told", async () => {
    const ended = db.transaction((tx) =>
      Promise.all([write(tx, "a"), tx.query("select 1 / 0"), write(tx, "b")]),
    );
    await expect(ended).rejects.toThrow("division by zero");
    expect(await written()).toEqual([]);
  });

  test("count not at all when nobody has waited for the one that fails", async () => {
    const ended = db.transaction(async (tx) => {
      await write(tx, "a");
      tx.endWith(() => Promise.all([write(tx, "b"), tx.query("select 1 / 0")]));
    });
    await expect(ended).rejects.toThrow("division by zero");
    expect(await written()).toEqual([]);
  });

  test("leave the connection as it was for whoever has it next", async () => {
    for (let i = 0; i < 20; i += 1)
      await db
        .transaction((tx) => Promise.all([tx.query("select 1 / 0"), write(tx, i)]))
        .catch(() => undefined);
    await db.transaction((tx) => write(tx, "after"));
    expect(await written()).toEqual(["after"]);
  });
});

describe("what ends a transaction", () => {
  test("is committed with it", async () => {
    const result = await db.transaction(async (tx) => {
      await write(tx, "a");
      tx.endWith(() => Promise.all([write(tx, "b"), write(tx, "c")]));
      return "result";
    });
    expect(result).toBe("result");
    expect(await written()).toEqual(["a", "b", "c"]);
  });

  test("takes all with it when the driver refuses to send it", async () => {
    const refused: { self?: unknown } = {};
    refused.self = refused;
    const ended = db.transaction(async (tx) => {
      await write(tx, "a");
      tx.endWith(() => write(tx, refused));
    });
    await expect(ended).rejects.toThrow("a statement cannot be made");
    expect(await written()).toEqual([]);
  });

  test("takes all with it when it throws by itself", async () => {
    const ended = db.transaction(async (tx) => {
      await write(tx, "a");
      tx.endWith(() => Promise.reject(new Error("not today")));
    });
    await expect(ended).rejects.toThrow("not today");
    expect(await written()).toEqual([]);
  });

  test("is rolled back when a statement had failed that somebody has overlooked", async () => {
    const ended = db.transaction(async (tx) => {
      await tx.query("select 1 / 0").catch(() => undefined);
      tx.endWith(() => Promise.resolve());
    });
    await expect(ended).rejects.toThrow("the server has rolled back");
  });
});

test("nothing that changes something is sent before the transaction has begun", async () => {
  const order: string[] = [];
  await db.transaction(async (tx) => {
    await Promise.all([
      write(tx, "a").then(() => order.push("written")),
      tx.look("select 1").then(() => order.push("looked")),
    ]);
  });
  expect(order).toEqual(["looked", "written"]);
});
