import { describe, expect, test } from "@jest/globals";
import { NEWEST_PUSHED, readLatest, recordLatest } from "#gateway/ledger/sql/latest-tag.js";
import { adoptTags } from "#gateway/ledger/sql/read-tag.js";
import { reserveTag } from "#gateway/ledger/sql/reserve-tag.js";
import { commitTag } from "#gateway/ledger/sql/settle-tag.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import type { TagPush } from "#gateway/ledger/push-tag.js";
import { isSignatureTag } from "#tag-policy/tag-policy.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const IMMUTABLE = { leaseSeconds: 60, mutable: false };
const MUTABLE = { leaseSeconds: 60, mutable: true };

let ledger: StartedLedger;
let db: Database;

useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});

describe("the newest tag of a repository", () => {
  test("is none before the first push", async () => {
    const { repository } = tagPush("a");
    expect(await latestDigest(repository)).toBeUndefined();
  });

  test("is the one that was committed last, whatever its name", async () => {
    const [first, second] = [tagPush("a", { tag: "2.0" }), tagPush("b", { tag: "1.0" })];
    await hold(first);
    await hold(second);
    expect(await latestDigest(first.repository)).toBe(second.digest);
  });

  test("does not come from a push that is still under way, nor from another repository", async () => {
    const first = tagPush("a");
    await hold(first);
    await reserveTag(db, tagPush("b", { tag: "2.0" }), IMMUTABLE);
    await hold(tagPush("c", { repository: "beta/app" }));
    expect(await latestDigest(first.repository)).toBe(first.digest);
  });

  test.each([
    ["sha256-", ""],
    ["sha512-", ""],
    ["sha384-", ""],
    ["sha384-", ".sig"],
    ["sha256-", ".sig"],
    ["sha256-", ".att"],
    ["sha256-", ".sbom"],
  ])("is not one of signatures or referrers: %s…%s", async (algorithm, suffix) => {
    const tag = `${algorithm}${"0".repeat(64)}${suffix}`;
    expect(isSignatureTag(parseTag(tag))).toBe(true);
    const image = tagPush("a");
    await hold(image);
    await hold(tagPush("b", { tag }));
    expect(await latestDigest(image.repository)).toBe(image.digest);
  });

  test("is one whose name only looks like that of a signature", async () => {
    const tag = `sha256-${"0".repeat(64)}.img`;
    expect(isSignatureTag(parseTag(tag))).toBe(false);
    await hold(tagPush("a"));
    const image = tagPush("b", { tag });
    await hold(image);
    expect(await latestDigest(image.repository)).toBe(image.digest);
  });

  test("is no adopted one but that which was recorded, and only where nothing was pushed", async () => {
    const [found, other] = two();
    const { repository } = found;
    await adoptTags(db, repository, [found, other]);
    expect(await latestDigest(repository)).toBeUndefined();
    expect(await recordLatest(db, { ...found, createdAt: null })).toBe(true);
    expect(await recordLatest(db, { ...other, createdAt: new Date() })).toBe(false);
    expect(await readLatest(db, repository)).toEqual({
      tag: "found",
      digest: found.digest,
      foundAt: expect.any(Date),
      revision: 0,
    });
    const pushed = tagPush("b", { tag: "pushed" });
    await hold(pushed);
    expect(await latestDigest(repository)).toBe(pushed.digest);
    await remove("pushed");
    expect(await latestDigest(repository)).toBe(found.digest);
  });

  test("is recorded anew when what was recorded was deleted", async () => {
    const [found, other] = two();
    const { repository } = found;
    await adoptTags(db, repository, [found, other]);
    await recordLatest(db, { ...found, createdAt: null });
    await remove("found");
    expect(await latestDigest(repository)).toBeUndefined();
    expect(await recordLatest(db, { ...other, createdAt: null })).toBe(true);
    expect(await latestDigest(repository)).toBe(other.digest);
    const own = { ...tagPush("own"), tag: parseTag("latest"), createdAt: null };
    await storeManifest(db, repository, own.manifest, "found");
    await remove("other");
    expect(await recordLatest(db, own)).toBe(true);
    expect(await latestDigest(repository)).toBe(own.digest);
    await db.query("update ledger.manifest set deleted_at = now(), deleted_by = 'bob'");
    expect(await latestDigest(repository)).toBeUndefined();
  });

  test("is a tag of that name that was locked while it was one as any other", async () => {
    const latest = tagPush("a", { tag: "latest" });
    await hold(latest);
    await hold(tagPush("b", { tag: "newer" }));
    expect(await latestDigest(latest.repository)).not.toBe(latest.digest);
    await db.query(
      "update ledger.tag set locked_at = now(), locked_by = 'bob' where name = 'latest'",
    );
    expect(await latestDigest(latest.repository)).toBe(latest.digest);
  });

  test("is found by the index, however many there are", async () => {
    await db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select 'alpha/app', 'tag-' || i, 'sha256:x', 'alice', now() from generate_series(1, 2000) as i`,
    );
    await db.query("analyze ledger.tag");
    const { rows } = await db.query<{ "QUERY PLAN": string }>(
      `explain select digest from ledger.tag where ${NEWEST_PUSHED.replace("$1", "'alpha/app'")}`,
    );
    const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
    expect(plan).toContain("tag_latest");
    expect(plan).not.toContain("Sort");
  });
});

async function latestDigest(repository: RepositoryName) {
  return (await readLatest(db, repository))?.digest;
}

function two(): [TagPush, TagPush] {
  return [tagPush("found", { tag: "found" }), tagPush("other", { tag: "other" })];
}

async function remove(tag: string): Promise<void> {
  await db.query("update ledger.tag set deleted_at = now(), deleted_by = 'bob' where name = $1", [
    tag,
  ]);
}

async function hold(push: TagPush): Promise<void> {
  expect(await reserveTag(db, push, MUTABLE)).not.toBeNull();
  expect(await commitTag(db, push)).not.toBeNull();
}
