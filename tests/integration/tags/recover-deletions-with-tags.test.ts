import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { inUseGuard } from "#gateway/in-use/guard.js";
import { BOUNDS } from "#gateway/ledger/bounds.js";
import { deleteWithTags } from "#gateway/deletion/delete-with-tags.js";
import { recoverDeletions } from "#gateway/deletion/recover-deletions.js";
import type { RemovalAnswer } from "#gateway/deletion/removal-answer.js";
import { listExpired, takeOverExpired } from "#gateway/ledger/sql/reserve-tag.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import { readStored } from "#gateway/upstream/read-stored.js";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { image, REPOSITORY } from "./support/manifests.js";

const repository = parseRepositoryName(REPOSITORY);
const ACTOR = {
  ...{ uid: "alice", realm: "", kind: "user", address: "192.0.2.7" },
  ...{ userAgent: "curl", requestId: "r1" },
};
const ONE = image("one");
const TAGS = ["a", "b"];

let ledger: StartedLedger;
/** What the registry has. */
let standing: StoredManifest | null;
/** Current time of who waits, in milliseconds. */
let now: number;
let recovered: string[];
useLedger((started) => {
  ledger = started;
});
beforeEach(async () => {
  standing = await readStored({ ...ONE, content: Buffer.from(ONE.text) });
  [now, recovered] = [0, []];
  await storeManifest(ledger.db, repository, standing, "checked");
  for (const tag of TAGS)
    await ledger.db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       values ($1, $2, $3, 'bob', now())`,
      [repository, tag, ONE.digest],
    );
});

describe("a manifest whose deletion was lost, and its tags", () => {
  test("are gone together where the registry has done it, each on record in the name of who deleted", async () => {
    await lose(() => (standing = null));
    await Promise.all([recover(), recover()]);
    expect(await states()).toEqual(["reserved", "reserved"]);
    await outlast();
    expect(await states()).toEqual(["reserved", "reserved"]);
    await Promise.all([recover(), recover()]);
    expect(await states()).toEqual(["deleted", "deleted"]);
    const common = { actor: ACTOR, digest: ONE.digest, repository: REPOSITORY };
    const entries = (await ledger.audited()).toSorted((x, y) =>
      String(x.tag).localeCompare(String(y.tag)),
    );
    expect(entries).toMatchObject([
      { ...common, action: "tag.deleted", tag: "a", reason: "settled for a gateway that was lost" },
      { ...common, action: "tag.deleted", tag: "b" },
      { ...common, action: "manifest.deleted", tag: null },
    ]);
  });

  test("stand together where it never did", async () => {
    await lose(() => undefined);
    await outlast();
    await recover();
    expect(await states()).toEqual(["held", "held"]);
    expect(await left()).toEqual([]);
    expect(await ledger.audited()).toEqual([]);
  });

  test.each([
    ["it was pushed again since", "update ledger.manifest set late_wanted = true"],
    [
      "a tag that was pushed since means it",
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select repository, 'since', digest, 'bob', now() from ledger.manifest`,
    ],
  ])("stand where the registry has it no more and %s", async (_what, since) => {
    await lose(() => (standing = null));
    await outlast();
    await ledger.db.query(since);
    await recover();
    expect(new Set(await states())).toEqual(new Set(["held"]));
    expect(await left()).toEqual([]);
    expect(await ledger.audited()).toEqual([]);
  });

  test("are left for later while the registry does not say", async () => {
    await lose(() => (standing = null));
    await outlast();
    await recover(() => Promise.reject(new Error("no answer")));
    expect(await states()).toEqual(["reserved", "reserved"]);
    await recover();
    expect(await states()).toEqual(["deleted", "deleted"]);
  });

  test("are settled although the note is gone: an older gateway takes notes alone", async () => {
    await lose(() => (standing = null));
    await outlast();
    await ledger.db.query(
      `update ledger.manifest set deleting_at = null, deleting_by = null, deleted_at = now(), deleted_by = 'alice'`,
    );
    await recover();
    expect(await states()).toEqual(["deleted", "deleted"]);
    expect((await ledger.audited()).map(({ action }) => action)).toEqual([
      "tag.deleted",
      "tag.deleted",
    ]);
  });

  test("are settled together although the tags would be reserved a moment longer", async () => {
    await lose(() => (standing = null));
    await outlast();
    await ledger.db.query("update ledger.tag set reserved_until = now() + interval '1 second'");
    await recover();
    expect(await states()).toEqual(["deleted", "deleted"]);
  });

  test("are left to a deletion that has begun since", async () => {
    await lose(() => undefined);
    await outlast();
    await recover(async () => {
      await ledger.db.query("update ledger.manifest set deleting_at = now()");
      await ledger.db.query("update ledger.tag set reserved_until = now() + interval '1 minute'");
      return null;
    });
    expect(await states()).toEqual(["reserved", "reserved"]);
    expect(await ledger.audited()).toEqual([]);
  });

  test("are nobody's to take over one by one", async () => {
    await lose(() => (standing = null));
    await outlast();
    expect(await listExpired(ledger.db, 10)).toEqual([]);
    const options = { reservation: randomUUID(), leaseSeconds: 60 };
    expect(await takeOverExpired(ledger.db, key("a"), options)).toBeNull();
  });
});

test("where the registry deletes nothing, manifest and tags stand, unreserved", async () => {
  await expect(remove(() => Promise.resolve("unsupported"))).rejects.toMatchObject({
    code: "METHOD_UNSUPPORTED",
  });
  expect(await states()).toEqual(["held", "held"]);
  expect(await left()).toEqual([]);
});

test("tags of a manifest that the registry does not have are deleted", async () => {
  await remove(() => Promise.resolve("absent"));
  expect(await states()).toEqual(["deleted", "deleted"]);
});

test("a deletion whose reservation did not last is not acknowledged", async () => {
  const late = remove(async () => {
    await ledger.db.query("update ledger.tag set reservation = gen_random_uuid() where name = 'a'");
    return "deleted";
  });
  await expect(late).rejects.toMatchObject({ code: "UNAVAILABLE" });
  expect(await states()).toEqual(["reserved", "reserved"]);
});

test("a tag that somebody is writing is waited for ten seconds, and recovered meanwhile", async () => {
  await ledger.db.query(
    `update ledger.tag
     set reservation = gen_random_uuid(), reserved_digest = digest, reserved_by = 'bob',
       reserved_at = now(), reserved_until = now() - interval '1 second', reserved_origin = '{}'
     where name = 'b'`,
  );
  await expect(remove(() => Promise.resolve("deleted"))).rejects.toMatchObject({
    code: "UNAVAILABLE",
    message: "somebody is writing the tag b, which means this manifest; try again",
  });
  expect([now, recovered.length]).toEqual([10_000, 10]);
  expect(await states()).toEqual(["held", "expired"]);
});

test("what the database reserved without saying so is given back", async () => {
  const { db } = ledger;
  let answers = 0;
  const silent: Database = {
    ...db,
    transaction: async (work) => {
      const done = await db.transaction(work);
      answers += 1;
      if (answers === 1) throw new Fault("UNAVAILABLE");
      return done;
    },
  };
  await expect(remove(() => Promise.resolve("deleted"), silent)).rejects.toThrow(Fault);
  expect(await states()).toEqual(["reserved", "reserved"]);
  await eventually("it is given back", async () => (await left()).length === 0);
  expect(await states()).toEqual(["held", "held"]);
});

test("the manifest that virtual latest means, as it stood at the registry, is not deleted with a tag", async () => {
  await ledger.db.query("update ledger.tag set origin = 'adopted'");
  await ledger.db.query(
    `insert into ledger.inherited_latest (repository, tag, digest) values ($1, 'latest', $2)`,
    [repository, ONE.digest],
  );
  await expect(remove(() => Promise.resolve("deleted"))).rejects.toMatchObject({
    code: "MANIFEST_NEEDED",
    message: "tags still need this manifest: latest (it is virtual, and means it)",
  });
});

test("nor is one that a tag latest means which was pushed before latest was virtual", async () => {
  await ledger.db.query("update ledger.tag set name = 'latest' where name = 'b'");
  await expect(remove(() => Promise.resolve("deleted"))).rejects.toMatchObject({
    code: "MANIFEST_NEEDED",
    message: "tags still need this manifest: latest (it is virtual)",
  });
});

const key = (tag: string) => ({ repository, tag: parseTag(tag) });

async function states(): Promise<string[]> {
  const all = await Promise.all(TAGS.map((tag) => readTagState(ledger.db, key(tag))));
  return all.map(({ kind }) => kind);
}

/** Reservations and notes that are left. */
async function left(): Promise<unknown[]> {
  const { rows } = await ledger.db.query(
    `select name from ledger.tag where reservation is not null
     union all select digest from ledger.manifest where deleting_at is not null`,
  );
  return rows;
}

function remove(atRegistry: () => Promise<RemovalAnswer>, db = ledger.db): Promise<void> {
  const deps = {
    manifests: {
      ...{ db, log: SILENT, audit: recordAudit, upstreamManifest },
      policy: compileTagPolicy([{ id: "all", effect: "mutable" }]),
      inheritance: { recordOwn: () => Promise.resolve() },
      listing: { tags: noTags },
      upstreamDigest: () => Promise.resolve(null),
    },
    inUse: inUseGuard(0),
    waiting: {
      now: () => now,
      untilSettled: (_key: object, milliseconds: number) => {
        now += milliseconds;
        return Promise.resolve();
      },
      recover: ({ tag }: { tag: string }) => {
        recovered.push(tag);
        return Promise.reject(new Error("not yet"));
      },
    },
  };
  const removal = { repository, digest: ONE.digest, actor: ACTOR, reservation: randomUUID() };
  return deleteWithTags(deps, removal, atRegistry);
}

async function lose(told: () => unknown): Promise<void> {
  const lost = remove(() => {
    told();
    return Promise.reject(new Error("the gateway is gone"));
  });
  await expect(lost).rejects.toThrow("the gateway is gone");
}

function recover(look = upstreamManifest): Promise<void> {
  const deps = { db: ledger.db, log: SILENT, audit: recordAudit, upstreamManifest: look };
  return recoverDeletions({ ...deps, bounds: BOUNDS }, new AbortController().signal);
}

const upstreamManifest = (_key: object, _digest: Digest) => Promise.resolve(standing);

/** Longer than a deletion can take. */
async function outlast(): Promise<void> {
  await ledger.db.query(
    `update ledger.manifest set deleting_at = deleting_at - interval '61 seconds'`,
  );
  await ledger.db.query(
    `update ledger.tag set reserved_until = reserved_until - interval '61 seconds'`,
  );
}

async function* noTags(): AsyncGenerator<string[]> {
  await Promise.resolve();
  yield [];
}
