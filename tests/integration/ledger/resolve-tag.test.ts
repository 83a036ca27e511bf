import { beforeEach, expect, test } from "@jest/globals";
import { rememberedTags } from "#gateway/ledger/remembered-tags.js";
import { tagResolver, type ResolveDeps } from "#gateway/ledger/resolve-tag.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { commitTag } from "#gateway/ledger/sql/settle-tag.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import type { Database } from "#service-kit/db/pool.js";
import { SILENT } from "#tests/support/ledger.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

let db: Database;
let looks: (Digest | Error | null)[] = [];
let asked = 0;

useLedger((started) => {
  ({ db } = started);
});
beforeEach(() => {
  [looks, asked] = [[], 0];
});

/** @returns a resolver; the registry has one after the other of what `looks` holds, and then the last one */
function resolver() {
  const deps: Omit<ResolveDeps, "inheritance"> = {
    ...{ db, log: SILENT, audit: recordAudit, policy: PIER_ONE_TAGS },
    remembered: rememberedTags({ now: () => 0, freshMilliseconds: 1_000 }),
    ask: (question) => question(),
    upstreamDigest: () => {
      const found = looks[Math.min(asked, looks.length - 1)] ?? null;
      asked += 1;
      return found instanceof Error ? Promise.reject(found) : Promise.resolve(found);
    },
  };
  const none = () => Promise.resolve(null);
  const inheritance = { find: none, recordOwn: () => Promise.resolve() };
  const made = tagResolver({ ...deps, inheritance });
  return {
    resolve: (key: TagKey) => made.resolve(key),
    recall: (key: TagKey) => made.recall(key),
  };
}

const LEASE = { leaseSeconds: 60, mutable: false };

test("what a first push is about to write is not what the tag means, nor remembered as that", async () => {
  const push = tagPush("a", { tag: "1" });
  await reserveTag(db, push, LEASE);
  const { resolve, recall } = resolver();
  looks = [push.digest];
  expect(await resolve(push)).toEqual({ kind: "nothing" });
  expect(recall(push)).toBeNull();
  expect(await resolve(push)).toEqual({ kind: "nothing" });
  await db.transaction((tx) => commitTag(tx, push));
  expect(await resolve(push)).toEqual({ kind: "digest", digest: push.digest });
  expect(recall(push)).toBe(push.digest);
});

test("what stood at the registry before a first push is read meanwhile, unsettled, and is not adopted", async () => {
  const push = tagPush("a", { tag: "2" });
  await reserveTag(db, push, LEASE);
  const before = digestOf(Buffer.from("before"));
  const { resolve, recall } = resolver();
  looks = [before];
  expect(await resolve(push)).toEqual({ kind: "unsettled", digest: before });
  expect(recall(push)).toBeNull();
});

test("a registry that does not answer is asked once: what it says later is not taken for what the ledger cannot say", async () => {
  const { resolve } = resolver();
  looks = [new Error("reset"), digestOf(Buffer.from("x"))];
  await expect(resolve(tagPush("a", { tag: "3" }))).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(asked).toBe(1);
});

test("a tag that only the registry knows is adopted, and means what the ledger says then", async () => {
  const push = tagPush("a", { tag: "4" });
  const { resolve } = resolver();
  looks = [push.digest];
  expect(await resolve(push)).toEqual({ kind: "digest", digest: push.digest });
  expect(asked).toBe(1);
});
