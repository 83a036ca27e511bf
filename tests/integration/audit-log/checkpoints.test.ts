import { describe, expect, test } from "@jest/globals";
import { checkpointer, makeDueCheckpoint, quietLog } from "#audit-log/checkpointer.js";
import { checkpointsAfter } from "#audit-log/sql/checkpoints.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { useAuditLog, type TestAuditLog } from "./support/audited.js";

let log: TestAuditLog;

useAuditLog((made) => {
  log = made;
});

const numbers = async () => (await checkpointsAfter(log.db, 0, 100)).map(({ number }) => number);

describe("checkpoints", () => {
  test("are made after so many entries, or so many seconds with any entry", async () => {
    let ahead = 0;
    const interval = { entries: 3, seconds: 60 };
    const make = () => makeDueCheckpoint(log.checkpointDeps({ interval, db: clockAhead(log.db, () => ahead) })); // prettier-ignore
    expect(await make()).toBeNull();
    await log.append(1);
    expect(await make()).toBe(1);
    await log.append(2);
    expect(await make()).toBeNull();
    await log.append(1);
    expect(await make()).toBe(2);
    await log.append(1);
    ahead += 57_000;
    expect(await make()).toBeNull();
    ahead += 3_000;
    expect(await make()).toBe(3);
    ahead += 3_600_000;
    expect(await make()).toBeNull();
    expect((await log.verify()).findings).toEqual([]);
  });

  test("are made seconds after the last entry where no other follows, once", async () => {
    let now = 0;
    const isQuiet = quietLog(() => now);
    const deps = log.checkpointDeps({ interval: { entries: 100, seconds: 60 } });
    const afterSeconds = (seconds: number) => {
      now += seconds * 1_000;
      return makeDueCheckpoint(deps, isQuiet);
    };
    await log.append(1);
    expect(await afterSeconds(0)).toBe(1);
    for (let i = 0; i < 5; i += 1) {
      await log.append(1);
      expect(await afterSeconds(2)).toBeNull();
    }
    expect(await afterSeconds(2)).toBeNull();
    expect(await afterSeconds(1)).toBe(2);
    expect(await afterSeconds(60)).toBeNull();
    expect((await log.verify()).findings).toEqual([]);
  });

  test.each([-20, 24 * 365 * 100])(
    "are not made while the database's clock is %d hours off, outside of the signing certificate: nobody could verify them",
    async (hours) => {
      const make = (off: number) =>
        makeDueCheckpoint(log.checkpointDeps({ db: clockAhead(log.db, () => off * 3_600_000) }));
      await log.append(1);
      await expect(make(hours)).rejects.toThrow("certificate of the signing key");
      expect(await numbers()).toEqual([]);
      expect(await make(0)).toBe(1);
      expect((await log.verify()).findings).toEqual([]);
    },
  );

  test("of a database whose clock was ahead keep none from being made once it is right", async () => {
    const make = (hours: number) =>
      makeDueCheckpoint(
        log.checkpointDeps({
          interval: { entries: 100, seconds: 60 },
          db: clockAhead(log.db, () => hours * 3_600_000),
        }),
      );
    await log.append(1);
    expect(await make(10)).toBe(1);
    await log.append(1);
    expect(await make(0)).toBe(2);
    await log.append(1);
    expect(await make(0)).toBeNull();
    expect((await log.verify()).findings).toEqual([]);
  });

  test("of ten replicas that want one at the same moment are made once", async () => {
    for (let round = 1; round <= 5; round += 1) {
      await log.append(1);
      const made = await Promise.all(
        Array.from({ length: 10 }, () =>
          makeDueCheckpoint(log.checkpointDeps({ db: log.ledger.open({ connections: 1 }) })),
        ),
      );
      expect(made.filter((number) => number !== null)).toEqual([round]);
    }
    expect(await numbers()).toEqual([1, 2, 3, 4, 5]);
    expect((await log.verify()).findings).toEqual([]);
  });

  test("cover a prefix of every chain while others go on appending", async () => {
    let isDone = false;
    const appending = Promise.all(
      Array.from({ length: 6 }, async (_, index) => {
        while (!isDone) await log.append(1, `team/app-${index}`);
      }),
    );
    for (let made = 0; made < 20;) if ((await log.checkpoint()) !== null) made += 1;
    const during = await log.verify();
    isDone = true;
    await appending;
    expect(during.findings).toEqual([]);
    expect(during.checkpoints.count).toBeGreaterThan(1);
    expect((await log.verify()).findings).toEqual([]);
  });

  test("are made in the background, of a quiet log too, and the last one is awaited at the end", async () => {
    const interval = { entries: 100, seconds: 86_400 };
    const component = checkpointer(log.checkpointDeps({ interval }));
    const made = async (count: number) => (await numbers()).length === count;
    await log.append(1);
    await component.start();
    await eventually("the first one is made", () => made(1));
    await log.append(1);
    await eventually("what came after it is covered soon", () => made(2));
    await component.stop();
  });

  test("are refused for a log that is shorter than it was", async () => {
    await log.append(3);
    await log.checkpoint();
    await log.forge((tx) => tx.query("update audit.chain_head set position = position - 1"));
    await expect(log.checkpoint()).rejects.toThrow("shorter than its last checkpoint says");
  });
});

/** @returns the database, whose clock is so many milliseconds ahead for whoever reads where checkpoints stand */
function clockAhead(db: Database, milliseconds: () => number): Database {
  const shifted = <T extends Queryable>(asked: T): T => ({
    ...asked,
    query: async (...statement: Parameters<Queryable["query"]>) => {
      const answer = await asked.query<{ now?: unknown }>(...statement);
      for (const row of answer.rows)
        if (row.now instanceof Date) row.now = new Date(row.now.getTime() + milliseconds());
      return answer;
    },
  });
  return { ...shifted(db), transaction: (work) => db.transaction((tx) => work(shifted(tx))) };
}
