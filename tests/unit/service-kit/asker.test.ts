import { describe, expect, test } from "@jest/globals";
import { asker, impatient } from "#service-kit/db/asker.js";

/** A ledger whose answers come when the test says so. */
function slowLedger() {
  const waiting: (() => void)[] = [];
  return {
    asked: 0,
    question() {
      this.asked += 1;
      return new Promise<string>((resolve) => {
        waiting.push(() => {
          resolve("answer");
        });
      });
    },
    async answer() {
      for (const resolve of waiting.splice(0)) resolve();
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

describe("a ledger that is silent", () => {
  test("is waited for by whoever finds it so, and asked by one at a time from then on", async () => {
    const ledger = slowLedger();
    const ask = asker(1);
    const question = () => ledger.question();
    const silent = { code: "UNAVAILABLE" };
    await expect(ask(question)).rejects.toMatchObject(silent);
    for (let reader = 0; reader < 100; reader += 1)
      await expect(ask(question)).rejects.toMatchObject(silent);
    expect(ledger.asked).toBe(2);
    await ledger.answer();
    const again = ask(question);
    await ledger.answer();
    await expect(again).resolves.toBe("answer");
  });

  test("stays away while the question on the side fails", async () => {
    const ledger = slowLedger();
    const ask = asker(1);
    await expect(ask(() => ledger.question())).rejects.toBeDefined();
    const broken = () => Promise.reject(new Error("still locked"));
    await expect(ask(broken)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await new Promise((resolve) => setImmediate(resolve));
    await expect(ask(broken)).rejects.toMatchObject({ code: "UNAVAILABLE" });
  });
});

test("a ledger that refuses at once is not silent: what it says is passed on", async () => {
  const ask = asker(1_000);
  await expect(ask(() => Promise.reject(new Error("refused")))).rejects.toThrow("refused");
  await expect(ask(() => Promise.resolve("answer"))).resolves.toBe("answer");
});

test("a table that somebody holds is asked for by one statement at a time, and its readers are told at once", async () => {
  const ledger = slowLedger();
  const asked: string[] = [];
  const query = (sql: string) => {
    asked.push(sql);
    return ledger.question();
  };
  const db = impatient({ query } as never, "token_server.robot", 1);
  for (let reader = 0; reader < 100; reader += 1)
    await expect(db.query("select 1")).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(asked).toEqual(["select 1", "select from token_server.robot limit 1"]);
  await ledger.answer();
  const again = db.query("select 2");
  await ledger.answer();
  await expect(again).resolves.toBe("answer");
});
