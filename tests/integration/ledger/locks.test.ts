import { afterEach, describe, expect, test } from "@jest/globals";
import type { CountedPulls } from "#gateway/pulls/pull.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import { holderLines, lockHolders } from "#service-kit/db/lock-holders.js";
import { WORK_LOCKS, type WorkLock } from "#service-kit/db/locks.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";

let ledger: StartedLedger;
let db: Database;
let release: (() => void)[] = [];
let working: Promise<unknown>[] = [];

useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});
afterEach(async () => {
  for (const each of release) each();
  await Promise.all(working);
  [release, working] = [[], []];
});

/** Does some work until the test ends. */
async function atWork(lock: WorkLock): Promise<void> {
  let begun = (): void => undefined;
  const hasBegun = new Promise<void>((resolve) => (begun = resolve));
  const ended = new Promise<void>((resolve) => release.push(resolve));
  working.push(
    runExclusively(ledger.config, lock, SILENT, async () => {
      begun();
      await ended;
    }),
  );
  await hasBegun;
}

const PULL: CountedPulls = {
  ...{ repository: "alpha/app", tag: "1.0", digest: `sha256:${"a".repeat(64)}`, count: 1 },
  ...{ uid: "alice", realm: "", kind: "oauth2", address: "" },
  ...{ userAgent: "", userAgents: [""] },
  ...{ firstAt: new Date(), lastAt: new Date() },
};

describe("a lock", () => {
  test("of a pass of discovery keeps nobody from recording pulls, nor from other work", async () => {
    await atWork("discovery");
    await db.transaction((tx) => recordPulls(tx, [PULL]));
    const others = (Object.keys(WORK_LOCKS) as WorkLock[]).filter((lock) => lock !== "discovery");
    for (const lock of others) {
      const done = await runExclusively(ledger.config, lock, SILENT, () => Promise.resolve(lock));
      expect(done).toEqual({ ran: true, result: lock });
    }
    expect(
      await runExclusively(ledger.config, "discovery", SILENT, () => Promise.resolve()),
    ).toEqual({
      ran: false,
    });
  });

  test("is shown with whoever holds it and whoever waits", async () => {
    expect(await lockHolders(db)).toEqual([]);
    await atWork("collection");
    const waiting = db.transaction(async (tx) => {
      await tx.query("select pg_advisory_xact_lock($1)", [WORK_LOCKS.collection]);
    });
    await eventually(
      "one holds it and one waits",
      async () => (await lockHolders(db)).length === 2,
    );
    const lines = holderLines(await lockHolders(db), "collection");
    expect(lines[0]).toMatch(
      /^lock collection: held by exclusive work: collection at 127\.0\.0\.1 for \d+ s$/,
    );
    expect(lines[1]).toMatch(/^lock collection: waited for by test at 127\.0\.0\.1 for \d+ s$/);
    expect(holderLines(await lockHolders(db), "discovery")).toEqual([]);
    for (const each of release) each();
    await waiting;
  });

  test("of one subject is shown by the name of its work", async () => {
    await db.transaction(async (tx) => {
      await tx.query("select pg_advisory_xact_lock($1, hashtext('alpha/app'))", [0x0ddf00d]);
      expect(holderLines(await lockHolders(db))).toEqual([
        expect.stringMatching(/^lock deletion: held by test at /),
      ]);
    });
  });
});
