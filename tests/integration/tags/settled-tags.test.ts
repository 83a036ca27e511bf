import { beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { inUseGuard } from "#gateway/in-use/guard.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { lockTagRow } from "#gateway/ledger/sql/lock-tag.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { deleteTag } from "#gateway/deletion/delete-tag.js";
import { readLatestRecord, readRecord } from "#gateway/api/sql/read-record.js";
import { onSettledTag } from "#gateway/ledger/settled-state.js";
import { digestOf } from "#registry-protocol/digest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";

const KEY = { repository: parseRepositoryName("alpha/app"), tag: parseTag("1.0") };
const DIGEST = digestOf(Buffer.from("a manifest"));
const ACTOR = {
  ...{ uid: "alice", realm: "", kind: "user", address: "192.0.2.7" },
  ...{ userAgent: "curl", requestId: "r1" },
};

let ledger: StartedLedger;
let now: number;
let waits: number[];
useLedger((started) => {
  ledger = started;
});
beforeEach(() => {
  now = 0;
  waits = [];
});

const push = (repository: string) =>
  ledger.db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ($1, '1.0', $2, $1, now())`,
    [repository, DIGEST],
  );
const reserve = (repository: string) =>
  ledger.db.query(
    `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by,
       reserved_until) values ($1, '1.0', gen_random_uuid(), $2, 'bob', now() + interval '1 hour')`,
    [repository, DIGEST],
  );
const deps = () => ({
  db: ledger.db,
  resolver: { resolve: () => Promise.resolve({ kind: "unknown" as const }) } as never,
  waiting: {
    bounds: BOUNDS,
    now: () => now,
    pause: () => Promise.resolve(),
    untilSettled: (_key: object, milliseconds: number) => {
      if (milliseconds <= 0) throw new Error("waits for no time");
      waits.push(milliseconds);
      // The first time it is settled sooner, and reserved again.
      now += waits.length === 1 ? 700 : milliseconds;
      return Promise.resolve();
    },
    recover: () => Promise.resolve(),
  },
});

describe("a tag that is being pushed", () => {
  test("is waited for, a second at a time, and no longer than ten", async () => {
    await reserve(KEY.repository);
    await expect(onSettledTag(deps(), KEY, () => Promise.resolve(true))).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("under way"),
    });
    expect(Math.max(...waits)).toBe(1_000);
    expect(now).toBe(10_000);
  });

  test("is no tag yet, and one of the same name elsewhere is another", async () => {
    await reserve(KEY.repository);
    await push("alpha/other");
    expect(await readRecord(ledger.db, KEY)).toBeNull();
    expect(await readLatestRecord(ledger.db, KEY.repository)).toBeNull();
    await ledger.clear();
    await push("alpha/other");
    await push(KEY.repository);
    expect(await readRecord(ledger.db, KEY)).toMatchObject({ pushedBy: KEY.repository });
  });
});

test("a tag that is locked after it was looked at is not deleted", async () => {
  await push(KEY.repository);
  let isLocked = false;
  const ruled = compileTagPolicy([{ id: "all", effect: "mutable" }]);
  const db = {
    ...ledger.db,
    query: async (...asked: Parameters<typeof ledger.db.query>) => {
      const answer = await ledger.db.query(...asked);
      if (!isLocked) await lockTagRow(ledger.db, KEY, "bob");
      isLocked = true;
      return answer;
    },
  } as typeof ledger.db;
  const removal = { ...KEY, actor: ACTOR, reservation: "0d4f3c1e-0d4f-4c1e-8d4f-0d4f3c1e0d4f" };
  const counts = { step: () => undefined, source: () => undefined };
  const needed = { ...deps(), counts, audit: recordAudit, inUse: inUseGuard(0) };
  let isTold = false;
  const deleted = deleteTag({ ...needed, db, policy: ruled, log: SILENT }, removal, () => {
    isTold = true;
    return Promise.resolve("deleted");
  });
  await expect(deleted).rejects.toMatchObject({
    code: "TAG_NOT_DELETABLE",
    detail: { rule: "locked" },
  });
  expect(isTold).toBe(false);
  const { rows } = await ledger.db.query("select digest, reservation from ledger.tag");
  expect(rows).toEqual([{ digest: DIGEST, reservation: null }]);
});
