import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { announcing } from "#gateway/outbox/announcing.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { NEVER_GONE } from "#gateway/ledger/client-gone.js";
import { pushTag, type TagPush } from "#gateway/ledger/push-tag.js";
import { MOST_REFUSALS, settleRefusals, SUMMARY_REASON } from "#gateway/ledger/record-refusal.js";
import { costOf } from "#tests/bench/support/manifest-cost.js";
import { createAuditLog, type TestAuditLog } from "#tests/integration/audit-log/support/audited.js";
import type { AuditedEntry } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { pushDeps, tagKeeper, tagPush, type TestPushDeps } from "#tests/support/tag-pushes.js";

const LONG_REPOSITORY = ["alpha", "x".repeat(120), "y".repeat(120)].join("/");
const LONG_TAG = "t".repeat(120);
const PUSHES = 1_000;
const AT_ONCE = 50;

let postgres: TestPostgres;
let log: TestAuditLog;
let deps: TestPushDeps;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
beforeEach(async () => {
  log = await createAuditLog(postgres);
  const everything = { name: "all", kind: "audit", wants: () => true } as never;
  const audit = announcing(recordAudit, [everything], () => undefined);
  deps = { ...pushDeps(log.db), audit };
  await pushTag(deps, held(0), tagKeeper().transport(held(0)));
});
afterEach(() => log.close());
afterAll(() => postgres.stop());

const held = (i: number) =>
  tagPush("held", { repository: LONG_REPOSITORY, tag: `${LONG_TAG}-${i}` });
const refused = async (push: TagPush) => {
  const attempt = pushTag(deps, push, tagKeeper().transport(push));
  await expect(attempt).rejects.toMatchObject({ code: "TAG_HELD" });
};
const many = async (make: (i: number) => TagPush) => {
  for (let i = 0; i < PUSHES; i += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_one, k) => refused(make(i + k))));
};
const offered = (content: string, actor?: string) =>
  tagPush(content, {
    repository: LONG_REPOSITORY,
    tag: `${LONG_TAG}-0`,
    ...(actor === undefined ? {} : { actor }),
  });
const onRecord = async (): Promise<AuditedEntry[]> =>
  (await log.ledger.audited()).filter(({ action }) => action === "tag.refused");
/** An hour later. */
const settle = async () => {
  await log.db.query("update ledger.refusal set began_at = began_at - interval '1 hour'");
  await Promise.all([1, 2, 3].map(() => settleRefusals(deps, NEVER_GONE)));
};
/** What lasts of the counted refusals: when the room of rows written anew is free again is a matter of who looks meanwhile. */
const kept = async () => {
  const { rows } = await log.db.query<{ rows: number; bytes: number }>(
    `select count(*)::int as rows, sum(pg_column_size(refusal))::int as bytes
     from ledger.refusal`,
  );
  return rows[0];
};
const told = (entries: readonly AuditedEntry[]) =>
  entries.reduce((sum, { detail }) => sum + Number(detail["repeats"] ?? 1), 0);

describe("a thousand refused pushes", () => {
  test("that are all the same are two entries that tell of all of them", async () => {
    await many(() => offered("other"));
    const ofThousand = await kept();
    await many(() => offered("other"));
    expect(await kept()).toEqual(ofThousand);
    expect(ofThousand?.rows).toBe(1);
    expect(await onRecord()).toHaveLength(1);
    await settle();
    const entries = await onRecord();
    expect(entries.map(({ detail }) => detail["repeats"])).toEqual([undefined, 2 * PUSHES - 1]);
    expect(entries.every(({ tag }) => tag === `${LONG_TAG}-0`)).toBe(true);
    expect(told(entries)).toBe(2 * PUSHES);
    expect((await log.verify()).findings).toEqual([]);
  });

  test("that all differ are as many entries as are told apart, and one for all others", async () => {
    const { tables } = await costOf(log.db, () => many((i) => offered(`other ${i}`)));
    expect(tables).toBeLessThan(2 * 1024 * 1024);
    const first = await onRecord();
    expect(first.length).toBeGreaterThanOrEqual(MOST_REFUSALS - 1);
    expect(first.length).toBeLessThan(MOST_REFUSALS + AT_ONCE);
    await refused(offered("other", "bob"));
    expect((await onRecord()).at(-1)?.actor.uid).toBe("bob");
    await settle();
    const [summary, ...more] = (await onRecord()).filter(({ reason }) => reason === SUMMARY_REASON);
    expect(more).toEqual([]);
    expect(summary).toMatchObject({ actor: { uid: "alice" }, repository: null, tag: null });
    expect(told(await onRecord())).toBe(PUSHES + 1);
    expect((await log.verify()).findings).toEqual([]);
  });

  test("are on record one by one again when the hour is over, and nothing is left behind", async () => {
    await refused(offered("other"));
    await refused(offered("other"));
    await settle();
    await refused(offered("other"));
    expect(await onRecord()).toHaveLength(3);
    await settle();
    expect(await onRecord()).toHaveLength(3);
    const { rows } = await log.db.query("select from ledger.refusal");
    expect(rows).toEqual([]);
  });
});
