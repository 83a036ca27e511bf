import { beforeEach, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { verifyLedger } from "#audit-log/verify/verify-ledger.js";
import { announcing } from "#gateway/outbox/announcing.js";
import type { Database } from "#service-kit/db/pool.js";
import { useLedger } from "#tests/support/use-ledger.js";

let db: Database;

useLedger((_started, pool) => {
  db = pool;
});

const DIGEST = `sha256:${"a".repeat(64)}`;
const sink = { name: "all", wants: () => true };

beforeEach(async () => {
  const audit = announcing(recordAudit, [sink as never], () => undefined);
  const entry = { actor: SYSTEM, repository: "alpha/app", tag: "1.0", digest: DIGEST, reason: "" };
  await db.transaction(async (tx) => {
    await audit(tx, { ...entry, action: "tag.refused", detail: { rule: "immutable" } });
  });
});

async function findings(): Promise<string[]> {
  const { findings } = await verifyLedger(db, () => undefined);
  return findings.map(({ repository, tag, problem }) => `${repository}:${tag} ${problem}`);
}

test("what was announced and is on record is in order", async () => {
  const { rows } = await db.query("select from ledger.event");
  expect(rows).toHaveLength(1);
  expect(await findings()).toEqual([]);
});

test("an event whose entry is dated behind one of a clock that was ahead has its entry", async () => {
  await db.query("alter table audit.entry disable trigger user");
  await db.query("update audit.entry set at = at + interval '10 hours'");
  expect(await findings()).toHaveLength(1);
  await db.query(
    `insert into audit.entry (chain, position, at, action, repository, content, previous_hash, hash)
     select chain, position + 100, at - interval '1 microsecond', 'tag.drifted', repository, content, previous_hash, hash
     from audit.entry where action = 'tag.refused'`,
  );
  expect(await findings()).toEqual([]);
});

test("an event whose entry was cut off the end of its chain is found", async () => {
  await db.query("alter table audit.entry disable trigger user");
  await db.query("delete from audit.entry");
  expect(await findings()).toEqual([
    `alpha/app:1.0 it was announced that ${DIGEST} was recorded as tag.refused, no entry says so`,
  ]);
});

test("one of a pull, which is on no record, is none", async () => {
  await db.query(
    `insert into ledger.event (id, action, repository, tag, digest, content)
     values (gen_random_uuid(), 'pull', 'alpha/app', '1.0', $1, '{"detail": {}}')`,
    [DIGEST],
  );
  expect(await findings()).toEqual([]);
});
