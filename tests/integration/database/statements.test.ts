import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { connected } from "#tests/support/database-roles.js";
import { SILENT, type TestLedger } from "#tests/support/ledger.js";
import { useFreshLedger } from "#tests/support/use-ledger.js";

const CONNECTIONS = 3;

let ledger: TestLedger;
let db: Database;

useFreshLedger((fresh) => {
  ({ ledger } = fresh);
});
beforeEach(async () => {
  db = openDatabase(ledger.config, { name: "test", connections: CONNECTIONS }, SILENT);
  await alter("create table ledger.scratch (id int)");
  await alter("insert into ledger.scratch values (1)");
  await onAll(() => ask(db));
});
afterEach(() => db.close());

const alter = (sql: string) => connected(ledger.config, (client) => client.query(sql));
const ask = (queryable: Pick<Database, "query">) =>
  queryable.query("select *, pg_sleep(0) from ledger.scratch", [], "is usable");

/** At once on every connection. */
function onAll<T>(work: () => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: CONNECTIONS }, work));
}

describe("a statement that was prepared before a migration changed what it answers with", () => {
  test("is answered all the same, on whatever connection", async () => {
    await alter("alter table ledger.scratch add more int");
    const answers = await onAll(() => ask(db));
    for (const { rows } of answers) expect(rows).toMatchObject([{ id: 1, more: null }]);
  });

  test("fails one transaction, which can be made again, and no other after it", async () => {
    await alter("alter table ledger.scratch add more int");
    const transaction = () => db.transaction((tx) => ask(tx));
    await expect(transaction()).rejects.toMatchObject({ code: "UNAVAILABLE" });
    for (const { rows } of await onAll(transaction))
      expect(rows).toMatchObject([{ id: 1, more: null }]);
  });
});

describe("a statement that somebody has taken away from a connection", () => {
  test("is prepared anew", async () => {
    await onAll(() => db.query("deallocate all"));
    for (const { rows } of await onAll(() => ask(db))) expect(rows).toMatchObject([{ id: 1 }]);
  });
});

describe("a statement that the driver cannot make", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;

  test("is a mistake and no outage, and leaves the pool as it was", async () => {
    for (let time = 0; time < 2 * CONNECTIONS; time += 1)
      await expect(db.query("select $1::json", [circular], "tell")).rejects.toMatchObject({
        name: "MistakenStatement",
        cause: { name: "TypeError" },
      });
    await expect(db.query("select $1::json as it", ["{}"], "tell")).resolves.toMatchObject({
      rows: [{ it: {} }],
    });
  });

  test("ends its transaction, and nothing of that stays", async () => {
    const work = db.transaction(async (tx) => {
      await tx.query("delete from ledger.scratch");
      await tx.query("select $1::json", [circular]);
    });
    await expect(work).rejects.toMatchObject({ name: "MistakenStatement" });
    expect((await ask(db)).rows).toHaveLength(1);
  });
});
