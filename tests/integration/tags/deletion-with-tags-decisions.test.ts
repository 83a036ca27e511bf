import { beforeEach, describe, expect, test } from "@jest/globals";
import { randomUUID } from "node:crypto";
import { inUseGuard } from "#gateway/in-use/guard.js";
import { deleteWithTags } from "#gateway/deletion/delete-with-tags.js";
import type { RemovalAnswer } from "#gateway/deletion/removal-answer.js";
import { lockAndFindDeleted } from "#gateway/ledger/sql/manifest-needs.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { Fault } from "#registry-protocol/faults.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { lockWaiters } from "#tests/support/held-lock.js";
import type { StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { deletionDeps, storedOf } from "./support/deletion-deps.js";
import { image, REPOSITORY, type TestManifest } from "./support/manifests.js";

const repository = parseRepositoryName(REPOSITORY);
const ACTOR = {
  ...{ uid: "alice", realm: "", kind: "user", address: "192.0.2.7" },
  ...{ userAgent: "curl", requestId: "r1" },
};
const ONE = image("one");

let ledger: StartedLedger;
let now: number;
let waits: number[];
/** How often the registry was told to delete. */
let told: number;
useLedger((started) => {
  ledger = started;
});
beforeEach(() => {
  now = 0;
  waits = [];
  told = 0;
});

const waiting = {
  now: () => now,
  untilSettled: (_key: object, milliseconds: number) => {
    if (milliseconds <= 0) throw new Error("waits for no time");
    waits.push(milliseconds);
    // The first time it is settled sooner, and reserved again.
    now += waits.length === 1 ? 700 : milliseconds;
    return Promise.resolve();
  },
  recover: () => Promise.resolve(),
};

/** What the registry has cannot be read: what the ledger lacks is not known. */
const odd = () => Promise.reject(new Unreadable("it is odd"));
const remove = (answer: RemovalAnswer = "deleted", meanwhile = () => Promise.resolve()) =>
  deleteWithTags(
    { manifests: deletionDeps(ledger.db, odd), waiting, inUse: inUseGuard(0) },
    { repository, digest: ONE.digest, actor: ACTOR, reservation: randomUUID() },
    async () => {
      told += 1;
      await meanwhile();
      return answer;
    },
  );
const store = async (manifest: TestManifest) =>
  storeManifest(ledger.db, repository, await storedOf(manifest), "checked");
const tagged = (name: string, db: Queryable = ledger.db, digest = ONE.digest) =>
  db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ($1, $2, $3, 'alice', now())`,
    [repository, name, digest],
  );
const marked = async () => {
  const { rows } = await ledger.db.query(
    `select name from ledger.tag where reservation is not null or deleted_at is not null
     union all
     select digest from ledger.manifest where deleting_at is not null or deleted_at is not null`,
  );
  return rows;
};

describe("a manifest goes with its tags", () => {
  test("not while one of them is written, which is waited for, a second at a time and no longer than ten", async () => {
    await store(ONE);
    await tagged("1.0");
    await ledger.db.query(
      `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = digest,
         reserved_by = 'bob', reserved_until = now() + interval '1 hour'`,
    );
    await expect(remove()).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("somebody is writing the tag 1.0"),
    });
    expect([told, Math.max(...waits), now]).toEqual([0, 1_000, 10_000]);
  });

  /** Holds the lock of commits until the deletion waits for it, or has ended without. */
  async function meanwhile(commit: (tx: Queryable) => Promise<unknown>): Promise<unknown> {
    await store(ONE);
    await tagged("1.0");
    let outcome: unknown = null;
    let deletion: Promise<unknown> = Promise.resolve();
    await ledger.db.transaction(async (tx) => {
      const key = { repository, tag: parseTag("1.1") };
      await lockAndFindDeleted(tx, key, ONE.digest, []);
      deletion = remove().then(
        () => (outcome = "deleted"),
        (error: unknown) => (outcome = error),
      );
      const isWaiting = async () => outcome !== null || (await lockWaiters(ledger.db)) > 0;
      await eventually("the deletion waits", isWaiting);
      await commit(tx);
    });
    await deletion;
    return outcome;
  }

  test("where they are no more than a hundred", async () => {
    await store(ONE);
    for (let number = 1; number <= 100; number += 1) await tagged(`tag-${number}`);
    await tagged("one-more");
    await expect(remove()).rejects.toMatchObject({ code: "MANIFEST_NEEDED" });
    expect(await marked()).toEqual([]);
    await ledger.db.query("delete from ledger.tag where name = 'one-more'");
    await remove();
    expect(await marked()).toHaveLength(101);
  });

  test("not when a tag that is kept comes while it is decided", async () => {
    const outcome = await meanwhile((tx) => tagged("kept-1", tx));
    expect(outcome).toMatchObject({ code: "MANIFEST_NEEDED", detail: { tags: ["kept-1"] } });
    expect(told).toBe(0);
  });

  test("not when a tag comes while it is decided of which nobody knows what that needs", async () => {
    const outcome = await meanwhile((tx) => tagged("1.1", tx, image("new").digest));
    expect(outcome).toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("the repository is changing"),
    });
    expect([told, await marked()]).toEqual([0, []]);
  });

  test("not when the database does not answer; what it makes of it later is given back", async () => {
    await store(ONE);
    await tagged("1.0");
    let asked = 0;
    const late: typeof ledger.db.transaction = async (work) => {
      asked += 1;
      if (asked === 1) {
        reserve = () => ledger.db.transaction(work);
        throw new Fault("UNAVAILABLE");
      }
      const found = await ledger.db.transaction(work);
      // It wakes up after somebody has looked for the first time.
      if (asked === 2) await reserve();
      return found;
    };
    let reserve: () => Promise<unknown> = () => Promise.resolve();
    const manifests = deletionDeps({ ...ledger.db, transaction: late }, odd);
    const removal = { repository, digest: ONE.digest, actor: ACTOR, reservation: randomUUID() };
    await expect(
      deleteWithTags({ manifests, waiting, inUse: inUseGuard(0) }, removal, () =>
        Promise.resolve("deleted"),
      ),
    ).rejects.toMatchObject({ code: "UNAVAILABLE" });
    await eventually(
      "it is given back",
      async () => asked > 2 && (await marked()).length === 0,
      5_000,
    );
  });

  test("not where the registry deletes nothing: all is as it was", async () => {
    await store(ONE);
    await tagged("1.0");
    await expect(remove("unsupported")).rejects.toMatchObject({ code: "METHOD_UNSUPPORTED" });
    expect(await marked()).toEqual([]);
    expect(await ledger.audited()).toEqual([]);
  });

  test("and is not said to, when somebody else has taken a tag over meanwhile", async () => {
    await store(ONE);
    await tagged("1.0");
    const takenOver = async () => {
      await ledger.db.query("update ledger.tag set reservation = gen_random_uuid()");
    };
    await expect(remove("deleted", takenOver)).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: expect.stringContaining("longer than its reservation lasted"),
    });
    expect(await ledger.audited()).toEqual([]);
  });

  test("also where neither registry nor ledger have anything but the tag", async () => {
    await tagged("1.0");
    await remove("absent");
    expect(await ledger.audited()).toMatchObject([{ action: "tag.deleted", tag: "1.0" }]);
  });
});

describe("a manifest without tags", () => {
  test("goes, whatever refers to it", async () => {
    await store(ONE);
    await store(image("referrer", { subject: ONE }));
    await remove();
    expect(await ledger.audited()).toMatchObject([{ action: "manifest.deleted" }]);
  });

  test("is none when neither registry nor ledger have it", async () => {
    await expect(remove("absent")).rejects.toMatchObject({ code: "MANIFEST_UNKNOWN" });
  });
});
