import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { deleteTag, mayDeleteTag } from "#gateway/deletion/delete-tag.js";
import { inUseGuard } from "#gateway/in-use/guard.js";
import type { RemovalAnswer } from "#gateway/deletion/removal-answer.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import { digestOf } from "#registry-protocol/digest.js";
import type { FaultCode } from "#registry-protocol/fault-catalogue.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { countedPulls } from "#tests/support/pulls.js";
import { useLedger } from "#tests/support/use-ledger.js";

const REPOSITORY = parseRepositoryName("alpha/app");
const ACTOR = {
  ...{ uid: "alice", realm: "", kind: "user", address: "192.0.2.7" },
  ...{ userAgent: "curl", requestId: "r1" },
};
const POLICY = compileTagPolicy([
  { id: "kept", effect: "immutable", tags: ["kept-*"] },
  { id: "all", effect: "mutable" },
]);

let ledger: StartedLedger;
/** How often the registry was told to delete. */
let told: number;
useLedger((started) => {
  ledger = started;
});
beforeEach(() => {
  told = 0;
});

const depsWhere = (error: Error) => ({
  ...{ db: ledger.db, log: SILENT, audit: recordAudit, policy: POLICY },
  inUse: inUseGuard(0),
  counts: { step: () => undefined, source: () => undefined },
  resolver: { resolve: () => Promise.reject(error) },
  waiting: {
    bounds: BOUNDS,
    ...{ now: Date.now, pause: () => Promise.resolve() },
    ...{ untilSettled: () => Promise.resolve(), recover: () => Promise.resolve() },
  },
});
const keyOf = (tag: string) => ({ repository: REPOSITORY, tag: parseTag(tag) });
const remove = (tag: string, answer: RemovalAnswer = "deleted") =>
  deleteTag(
    depsWhere(new Fault("MANIFEST_UNREADABLE")),
    { ...keyOf(tag), actor: ACTOR, reservation: randomUUID() },
    () => {
      told += 1;
      return Promise.resolve(answer);
    },
  );
const rows = async () =>
  (await ledger.db.query("select name, digest, reserved_by as by from ledger.tag")).rows;

describe("a tag that the registry cannot read", () => {
  test("is deleted, on record, and its name is free again", async () => {
    await remove("1.0");
    expect(told).toBe(1);
    expect(await ledger.audited()).toMatchObject([{ action: "tag.deleted", tag: "1.0" }]);
    expect(await rows()).toEqual([]);
  });

  test("is not deleted where the rules keep it", async () => {
    await expect(remove("kept-1")).rejects.toMatchObject({
      code: "TAG_NOT_DELETABLE",
      detail: { rule: "kept" },
    });
    expect(told).toBe(0);
  });

  test("is not deleted while somebody writes it", async () => {
    await ledger.db.query(
      `insert into ledger.tag (repository, name, reservation, reserved_digest, reserved_by,
         reserved_until)
       values ($1, '1.0', gen_random_uuid(), 'sha256:x', 'bob', now() + interval '1 hour')`,
      [REPOSITORY],
    );
    await expect(remove("1.0")).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("somebody is writing this tag"),
    });
    expect(told).toBe(0);
    expect(await rows()).toMatchObject([{ by: "bob" }]);
  });

  test("is not deleted where the ledger knows it by now, and its name is free again", async () => {
    await ledger.db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at, deleted_at, deleted_by)
       values ($1, '1.0', 'sha256:x', 'bob', now(), now(), 'bob')`,
      [REPOSITORY],
    );
    await expect(remove("1.0")).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(told).toBe(0);
    expect(await rows()).toEqual([{ name: "1.0", digest: "sha256:x", by: null }]);
  });

  test("is not said to be deleted where the registry deletes no tags, and its name is free again", async () => {
    await expect(remove("1.0", "unsupported")).rejects.toMatchObject({
      code: "METHOD_UNSUPPORTED",
    });
    expect(await ledger.audited()).toEqual([]);
    expect(await rows()).toEqual([]);
  });
});

test.each<[FaultCode, string, object | string]>([
  ["MANIFEST_UNREADABLE", "1.0", "may"],
  ["MANIFEST_UNREADABLE", "kept-1", { code: "TAG_NOT_DELETABLE" }],
  ["MANIFEST_UNKNOWN", "1.0", "absent"],
])("where a tag is %s, %s would be: %j", async (code, tag, outcome) => {
  const decided = await mayDeleteTag(depsWhere(new Fault(code)), { ...keyOf(tag), actor: ACTOR });
  if (typeof outcome === "string") expect(decided).toBe(outcome);
  else expect(decided).toMatchObject(outcome);
});

test("nothing is said of a tag that the registry cannot be asked about", async () => {
  for (const error of [new Fault("UNAVAILABLE"), new Error("no answer")])
    await expect(mayDeleteTag(depsWhere(error), { ...keyOf("1.0"), actor: ACTOR })).rejects.toBe(
      error,
    );
});

test("a tag that may be deleted by the rules may not while it is used", async () => {
  const digest = digestOf(Buffer.from("used"));
  await ledger.db.query(
    "insert into ledger.tag (repository, name, digest, pushed_by, pushed_at) values ($1, '1.0', $2, 'alice', now())",
    [REPOSITORY, digest],
  );
  const resolver = { resolve: () => Promise.resolve({ kind: "tag", digest } as never) };
  const deps = { ...depsWhere(new Error("it can be read")), resolver, inUse: inUseGuard(7) };
  const key = { ...keyOf("1.0"), actor: ACTOR };
  expect(await mayDeleteTag(deps, key)).toBe("may");
  await ledger.db.transaction((tx) => recordPulls(tx, [countedPulls({ digest, uid: "bob" })]));
  expect(await mayDeleteTag(deps, key)).toMatchObject({ code: "MANIFEST_IN_USE" });
});
