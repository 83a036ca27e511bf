import { describe, expect, test } from "@jest/globals";
import type { AuditEntry } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { MORE_OF_ALL, MORE_OF_ONE, MOST_OF_ALL, MOST_OF_ONE, openTally } from "#audit-log/tally.js";
import type { Database } from "#service-kit/db/pool.js";
import { SILENT } from "#tests/support/ledger.js";
import { useAuditLog, type TestAuditLog } from "./support/audited.js";

let log: TestAuditLog;
let now = 0;

useAuditLog((made) => {
  log = made;
});

const tallyOn = (db: Database) =>
  openTally({ db, audit: recordAudit, log: SILENT, now: () => now });

function refused(uid: string, change: Partial<AuditEntry> = {}, address = "192.0.2.1"): AuditEntry {
  const actor = { uid, realm: "", kind: "oauth2", address, userAgent: "docker/28", requestId: "1" };
  return {
    ...{ action: "access.refused", actor, repository: "alpha/app", tag: null, digest: null },
    ...{ reason: "because", detail: { code: "DENIED" } },
    ...change,
  };
}

interface Told {
  readonly actor: { readonly uid: string; readonly kind: string };
  readonly reason: string;
  readonly repository: string | null;
  readonly detail: { readonly count: number; readonly firstAt: string; readonly lastAt: string };
}

async function entries(): Promise<Told[]> {
  const { rows } = await log.db.query<{ entry: Told }>(
    "select content::json as entry from audit.entry order by at",
  );
  return rows.map(({ entry }) => entry);
}
const countsOf = async () =>
  (await entries()).map(({ actor, reason, detail }) => [actor.uid, reason, detail.count]);

describe("what is counted", () => {
  test("is one entry where only time and request differ, with how often, the first and the last time", async () => {
    const tally = tallyOn(log.db);
    for (const at of [0, 1_000, 7_500]) {
      now = at;
      tally.note(refused("alice"));
    }
    tally.note(refused("alice", { reason: "otherwise" }));
    tally.note(refused("bob"));
    await tally.flush();
    expect(await countsOf()).toEqual([
      ["alice", "because", 3],
      ["alice", "otherwise", 1],
      ["bob", "because", 1],
    ]);
    const [first] = await entries();
    const { firstAt = "", lastAt = "" } = first?.detail ?? {};
    expect(Date.parse(lastAt) - Date.parse(firstAt)).toBe(7_500);
    expect(Math.abs(Date.parse(lastAt) - Date.now())).toBeLessThan(60_000);
  });

  test("is on record once", async () => {
    const tally = tallyOn(log.db);
    tally.note(refused("alice"));
    await tally.flush();
    await tally.flush();
    await tally.stop();
    expect(await entries()).toHaveLength(1);
  });

  test("is on record when the process ends", async () => {
    const tally = tallyOn(log.db);
    await tally.start();
    tally.note(refused("alice"));
    await tally.stop();
    expect(await entries()).toHaveLength(1);
  });

  test("of one is few entries, whatever they do, and none is lost", async () => {
    const tally = tallyOn(log.db);
    for (let i = 0; i < 10_000; i += 1) tally.note(refused("alice", { repository: `alpha/${i}` }));
    tally.note(refused("bob"));
    await tally.flush();
    const counts = await countsOf();
    expect(counts).toHaveLength(MOST_OF_ONE + 2);
    expect(counts).toContainEqual(["alice", MORE_OF_ONE, 10_000 - MOST_OF_ONE]);
    expect(counts).toContainEqual(["bob", "because", 1]);
  });

  test("of thousands who log in takes no place of what somebody else was refused", async () => {
    const tally = tallyOn(log.db);
    for (let i = 0; i < 10_000; i += 1)
      tally.note(refused(`robot-${i}`, { action: "token.created" }));
    tally.note(refused("alice"));
    await tally.flush();
    const counts = await countsOf();
    expect(counts).toHaveLength(MOST_OF_ALL + 2);
    expect(counts).toContainEqual(["alice", "because", 1]);
    expect(counts).toContainEqual(["", MORE_OF_ALL, 10_000 - MOST_OF_ALL]);
  });

  test("of thousands who are nobody is few entries, and hides nobody who logged in", async () => {
    const tally = tallyOn(log.db);
    for (let i = 0; i < 5_000; i += 1) tally.note(refused("", {}, `2001:db8:${i.toString(16)}::1`));
    tally.note(refused("alice"));
    await tally.flush();
    const counts = await countsOf();
    expect(counts).toHaveLength(MOST_OF_ALL + 2);
    expect(counts).toContainEqual(["", MORE_OF_ALL, 5_000 - MOST_OF_ALL]);
    expect(counts).toContainEqual(["alice", "because", 1]);
  });

  test("waits while it cannot be put on record, bounded as before, and is complete then", async () => {
    let isAway = true;
    const tally = tallyOn({
      ...log.db,
      transaction: (work) =>
        isAway ? Promise.reject(new Error("away")) : log.db.transaction(work),
    });
    for (let minute = 0; minute < 5; minute += 1) {
      for (let i = 0; i < 50; i += 1) tally.note(refused("alice", { reason: `${minute} ${i}` }));
      await tally.flush();
    }
    isAway = false;
    await tally.flush();
    const counts = await countsOf();
    expect(counts).toHaveLength(MOST_OF_ONE + 1);
    expect(counts).toContainEqual(["alice", MORE_OF_ONE, 250 - MOST_OF_ONE]);
  });
});
