import { beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { ListingRefused } from "#service-kit/http/registry-listing.js";
import { inUseGuard } from "#gateway/in-use/guard.js";
import { lockAndFindDeleted } from "#gateway/ledger/sql/manifest-needs.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { readStored } from "#gateway/upstream/read-stored.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { deleteManifest } from "#gateway/deletion/delete-manifest.js";
import type { RemovalAnswer } from "#gateway/deletion/removal-answer.js";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { lockWaiters } from "#tests/support/held-lock.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { image, REPOSITORY, type TestManifest } from "./support/manifests.js";
import { useLedger } from "#tests/support/use-ledger.js";

const repository = parseRepositoryName(REPOSITORY);
const ACTOR = {
  ...{ uid: "alice", realm: "", kind: "user", address: "192.0.2.7" },
  ...{ userAgent: "curl", requestId: "r1" },
};
const ONE = image("one");

let ledger: StartedLedger;
/** Tags that the registry lists, with what they mean there. */
let listed: Map<string, Digest | null>;
let asked: string[];
/** How often the registry was told to delete. */
let told: number;
useLedger((started) => {
  ledger = started;
});
beforeEach(() => {
  listed = new Map();
  asked = [];
  told = 0;
});

const deps = () => ({
  ...{ db: ledger.db, log: SILENT, audit: recordAudit, policy: compileTagPolicy([]) },
  inheritance: { recordOwn: () => Promise.resolve() },
  listing: {
    tags: async function* () {
      await Promise.resolve();
      yield [...listed.keys()];
    },
  },
  upstreamDigest: ({ tag }: { tag: string }) => {
    asked.push(tag);
    return Promise.resolve(listed.get(tag) ?? null);
  },
  upstreamManifest: (_key: object, digest: Digest): Promise<StoredManifest | null> =>
    Promise.resolve(digest === ONE.digest ? null : Promise.reject(new Error("no answer"))),
});
type Deps = ReturnType<typeof deps>;

function remove(change: Partial<Deps> = {}, answer: RemovalAnswer = "deleted"): Promise<void> {
  const removal = { repository, digest: ONE.digest, actor: ACTOR };
  const atRegistry = () => {
    told += 1;
    return Promise.resolve(answer);
  };
  return deleteManifest({ ...deps(), ...change }, removal, { inUse: inUseGuard(0), atRegistry });
}

const bytesOf = ({ text, digest, mediaType }: TestManifest) =>
  readStored({ digest, mediaType, content: Buffer.from(text) });
const store = async (manifest: TestManifest) =>
  storeManifest(ledger.db, repository, await bytesOf(manifest), "checked");
const tagged = (db: Queryable, name: string, digest: Digest) =>
  db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ($1, $2, $3, 'alice', now())`,
    [repository, name, digest],
  );
const refusal = (code: string) => ({ code });

test("a manifest that the registry does not delete stays, and is not marked", async () => {
  await store(ONE);
  await expect(remove({}, "unsupported")).rejects.toMatchObject(refusal("METHOD_UNSUPPORTED"));
  const { rows } = await ledger.db.query(
    "select from ledger.manifest where deleting_at is not null or deleted_at is not null",
  );
  expect(rows).toEqual([]);
  expect(await ledger.audited()).toEqual([]);
});

describe("a push that commits while a deletion is decided", () => {
  /** Holds the lock of commits until the deletion waits for it, or has ended without. */
  async function meanwhile(commit: (tx: Queryable) => Promise<unknown>): Promise<unknown> {
    let outcome: unknown = null;
    let deletion: Promise<unknown> = Promise.resolve();
    await ledger.db.transaction(async (tx) => {
      const key = { repository, tag: parseTag("1.0") };
      await lockAndFindDeleted(tx, key, ONE.digest, []);
      deletion = remove().then(
        () => (outcome = "deleted"),
        (error: unknown) => (outcome = error),
      );
      const isWaiting = async () => outcome !== null || (await lockWaiters(ledger.db)) === 1;
      await eventually("the deletion waits", isWaiting);
      await commit(tx);
    });
    await deletion;
    return outcome;
  }

  test("is waited for: what it needs is not deleted", async () => {
    await store(ONE);
    expect(await meanwhile((tx) => tagged(tx, "1.0", ONE.digest))).toMatchObject(
      refusal("MANIFEST_NEEDED"),
    );
  });

  test("and is not known yet, makes it undecided", async () => {
    await store(ONE);
    expect(await meanwhile((tx) => tagged(tx, "1.0", image("new").digest))).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("the repository is changing"),
    });
  });
});

describe("nothing is deleted", () => {
  test("where neither ledger nor registry have it", async () => {
    await expect(remove()).rejects.toMatchObject(refusal("MANIFEST_UNKNOWN"));
    expect(told).toBe(0);
  });

  test("that tags need, of which ten are named", async () => {
    await store(ONE);
    const tags = Array.from({ length: 11 }, (_, n) => `tag-${String(n).padStart(2, "0")}`);
    for (const tag of tags) await tagged(ledger.db, tag, ONE.digest);
    await expect(remove()).rejects.toMatchObject({
      ...{ code: "MANIFEST_NEEDED", detail: { tags: tags.slice(0, 10), more: true } },
      message: expect.stringMatching(/tag-00, .*tag-09 and more$/),
    });
    expect(told).toBe(0);
  });

  test("where the registry could not read it, and has it no more when it is told to delete it", async () => {
    const upstreamManifest = () => Promise.reject(new Unreadable("it is cut off"));
    const removed = remove({ upstreamManifest }, "absent");
    await expect(removed).rejects.toMatchObject(refusal("MANIFEST_UNKNOWN"));
    expect(told).toBe(1);
    expect(await ledger.audited()).toEqual([]);
  });

  test("while the registry does not say what its tags need", async () => {
    await store(ONE);
    await tagged(ledger.db, "1.0", image("unread").digest);
    await expect(remove()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("what its tags need"),
    });
  });

  test("before all that tags need was read, and the next attempt goes on", async () => {
    await store(ONE);
    const images = Array.from({ length: 490 }, (_, n) => image(`many-${n}`));
    for (const [n, { digest }] of images.entries()) await tagged(ledger.db, `t${n}`, digest);
    const known = new Map(images.map((one) => [one.digest, one]));
    const upstreamManifest = (_key: object, digest: Digest) => bytesOf(known.get(digest) ?? ONE);
    await expect(remove({ upstreamManifest })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("still being read"),
    });
    await expect(remove({ upstreamManifest })).resolves.toBeUndefined();
  });

  test.each<[string, Error, object]>([
    ["500", new ListingRefused("/v2/", 500), { code: "UNAVAILABLE" }],
    ["nothing", new Error("connection lost"), { code: "UNAVAILABLE" }],
    ["a fault of ours", new Fault("TOO_MANY_REQUESTS"), { code: "TOO_MANY_REQUESTS" }],
  ])("while the registry says %s to which tags it has", async (_what, error, fault) => {
    await store(ONE);
    const tags = () => listingThatThrows(error);
    await expect(remove({ listing: { tags } })).rejects.toMatchObject(fault);
  });
});

test("where the registry has no tags, there is nothing to learn", async () => {
  await store(ONE);
  const tags = () => listingThatThrows(new ListingRefused("/v2/", 404));
  await expect(remove({ listing: { tags } })).resolves.toBeUndefined();
});

test("of what is listed only tags are asked for, and what means nothing is not taken in", async () => {
  await store(ONE);
  listed = new Map([
    ["latest", ONE.digest],
    [".no-tag", ONE.digest],
    ["gone", null],
    ["there", image("there").digest],
  ]);
  await store(image("there"));
  await remove();
  expect(asked).toEqual(["gone", "there"]);
  const { rows } = await ledger.db.query("select name from ledger.tag");
  expect(rows).toEqual([{ name: "there" }]);
});

async function* listingThatThrows(error: Error): AsyncGenerator<string[]> {
  await Promise.resolve();
  yield [];
  throw error;
}
