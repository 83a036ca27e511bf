import { beforeEach, describe, expect, test } from "@jest/globals";
import { pushTag, type TagPush } from "#gateway/ledger/push-tag.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { compileTagPolicy, PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import type { FoundSource } from "#gateway/scm/scm-source.js";
import { readSource } from "#gateway/scm/sql/scm-source.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import {
  pushDeps,
  tagKeeper,
  tagPush,
  type TagKeeper,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const FOUND: FoundSource = {
  source: { url: "git:a", revision: "b", author: "c", status: "" },
  origin: "label",
};

let ledger: StartedLedger;
let db: Database;
let keeper: TagKeeper;
let searches: number;
let deps: TestPushDeps;

useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});
beforeEach(() => {
  keeper = tagKeeper();
  searches = 0;
  deps = {
    ...pushDeps(db, keeper),
    policy: compileTagPolicy([{ id: "known-source", scmSource: "required" }]),
    findSource: () => {
      searches += 1;
      return Promise.resolve({ found: FOUND, note: "" });
    },
  };
});

const send = (push: TagPush, special: Partial<TestPushDeps> = {}) =>
  pushTag({ ...deps, ...special }, push, keeper.transport(push));

describe("a push to a tag that demands a source", () => {
  test("keeps what was found before anything was written, and counts it once", async () => {
    const push = tagPush("a");
    const counted: string[] = [];
    const counts = { ...deps.counts, source: (origin: string) => counted.push(origin) };
    await send(push, { counts });
    await send(tagPush("a", { tag: "1.1" }), { counts });
    expect(counted).toEqual(["label"]);
    expect(await readSource(db, push)).toMatchObject(FOUND);
    expect(await ledger.audited()).toMatchObject([
      { detail: { scmSource: FOUND.source } },
      { detail: { scmSource: FOUND.source } },
    ]);
  });

  test("is looked through once: another tag of the same manifest needs no search", async () => {
    await send(tagPush("a"));
    await send(tagPush("a", { tag: "1.1" }));
    expect(searches).toBe(1);
  });

  test("is undecided while the image cannot be read, and nothing is written", async () => {
    const push = tagPush("a");
    const cause = new Error("the registry is away");
    const attempt = send(push, { findSource: () => Promise.reject(cause) });
    await expect(attempt).rejects.toMatchObject({ code: "UNAVAILABLE", cause });
    await expect(attempt).rejects.toBeInstanceOf(Fault);
    expect(await readTagState(db, push)).toEqual({ kind: "free" });
    expect(keeper.writes).toEqual([]);
    expect(await ledger.audited()).toEqual([]);
  });

  test("is refused before the registry sees it when there is none", async () => {
    const push = tagPush("a");
    const none = () => Promise.resolve({ found: null, note: "not named" });
    await expect(send(push, { findSource: none })).rejects.toMatchObject({
      code: "SCM_SOURCE_REQUIRED",
      detail: { note: "not named" },
    });
    expect(keeper.writes).toEqual([]);
    expect(await ledger.audited()).toMatchObject([
      { action: "tag.refused", detail: { rule: "known-source", note: "not named" } },
    ]);
  });

  test("passes without one where the tag means it already, and not where it meant it until it was deleted", async () => {
    const special = {
      policy: compileTagPolicy([
        { id: "known-source", scmSource: "required" },
        { id: "all", effect: "mutable" },
      ]),
      findSource: () => Promise.resolve({ found: null, note: "not named" }),
    };
    await send(tagPush("a"), { policy: PIER_ONE_TAGS });
    await send(tagPush("a"), special);
    const wanted = { code: "SCM_SOURCE_REQUIRED" };
    await expect(send(tagPush("b"), special)).rejects.toMatchObject(wanted);
    await db.query("update ledger.tag set deleted_at = now(), deleted_by = 'bob'");
    await expect(send(tagPush("a"), special)).rejects.toMatchObject(wanted);
  });
});
