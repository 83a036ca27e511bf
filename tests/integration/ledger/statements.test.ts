import { randomUUID } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { listExpired, reserveTag, takeOverExpired } from "#gateway/ledger/sql/reserve-tag.js";
import { commitTag, releaseTag } from "#gateway/ledger/sql/settle-tag.js";
import { readManifest, storeManifest } from "#gateway/ledger/sql/store-manifest.js";
import type { TagPush } from "#gateway/ledger/push-tag.js";
import type { Database } from "#service-kit/db/pool.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import { tagPush } from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const IMMUTABLE = { leaseSeconds: 60, mutable: false };
const EXPIRED = { leaseSeconds: -1, mutable: false };
const MUTABLE = { leaseSeconds: 60, mutable: true };

let ledger: StartedLedger;
let db: Database;

useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});

describe("a tag in the ledger", () => {
  test("is free until somebody reserves it", async () => {
    expect(await stateOf(tagPush("a"))).toEqual({ kind: "free" });
  });

  test("can be reserved by one push at a time", async () => {
    expect(await reserveTag(db, tagPush("a"), IMMUTABLE)).toBe("new");
    expect(await reserveTag(db, tagPush("b"), IMMUTABLE)).toBeNull();
    expect(await stateOf(tagPush("a"))).toEqual({ kind: "reserved" });
  });

  test("is reserved without waiting for the disk, which is for that transaction alone", async () => {
    const isSafe = "select current_setting('synchronous_commit') as value";
    await db.transaction(async (tx) => {
      await reserveTag(tx, tagPush("a"), IMMUTABLE);
      expect((await tx.query(isSafe)).rows).toEqual([{ value: "off" }]);
    });
    const one = ledger.open({ connections: 1 });
    await reserveTag(one, tagPush("b", { tag: "1.1" }), IMMUTABLE);
    expect((await one.query(isSafe)).rows).toEqual([{ value: "on" }]);
  });

  test("belongs to its repository: the same name elsewhere is another tag", async () => {
    expect(await reserveTag(db, tagPush("a"), IMMUTABLE)).toBe("new");
    expect(await reserveTag(db, tagPush("a", { repository: "beta/app" }), IMMUTABLE)).toBe("new");
    expect(await reserveTag(db, tagPush("a", { tag: "1.1" }), IMMUTABLE)).toBe("new");
  });

  test("means its digest once it is committed, and says who pushed it and when", async () => {
    const push = tagPush("a", { actor: "bob" });
    const before = await databaseTime();
    await hold(push);
    const state = await stateOf(push);
    expect(state).toMatchObject({ kind: "held", digest: push.digest, by: "bob" });
    if (state.kind === "held") expect(state.at.getTime()).toBeGreaterThanOrEqual(before.getTime());
  });

  test("cannot be reserved again once it is held and immutable, not even with the same digest", async () => {
    await hold(tagPush("a"));
    expect(await reserveTag(db, tagPush("b"), IMMUTABLE)).toBeNull();
    expect(await reserveTag(db, tagPush("a"), IMMUTABLE)).toBeNull();
  });

  test("can be reserved again while it is held and mutable, and means the old digest until then", async () => {
    const first = tagPush("a");
    await hold(first);
    const second = tagPush("b");
    expect(await reserveTag(db, second, MUTABLE)).toBe("known");
    await releaseTag(db, second);
    expect(await stateOf(first)).toMatchObject({ kind: "held", digest: first.digest });
  });

  test("is free again after its reservation was released", async () => {
    const push = tagPush("a");
    await reserveTag(db, push, IMMUTABLE);
    await releaseTag(db, push);
    expect(await stateOf(push)).toEqual({ kind: "free" });
    expect(await reserveTag(db, tagPush("b"), IMMUTABLE)).toBe("new");
  });

  test("whose reservation ran out is for nobody to reserve before it was settled", async () => {
    const dead = tagPush("a");
    await reserveTag(db, dead, EXPIRED);
    expect(await stateOf(dead)).toEqual({ kind: "expired" });
    expect(await reserveTag(db, tagPush("b"), IMMUTABLE)).toBeNull();
    expect(await reserveTag(db, tagPush("a"), MUTABLE)).toBeNull();
    expect(await stateOf(dead)).toEqual({ kind: "expired" });
  });

  test("whose reservation ran out is taken over with what was being pushed and by whom", async () => {
    const dead = tagPush("a", { actor: "bob" });
    await reserveTag(db, dead, EXPIRED);
    const heir = randomUUID();
    const { repository, tag } = dead;
    const options = { reservation: heir, leaseSeconds: 60 };
    expect(await takeOverExpired(db, { repository, tag }, options)).toEqual({
      repository,
      tag,
      kind: "push",
      openSeconds: expect.any(Number),
      digest: dead.digest,
      actor: dead.actor,
      source: null,
      reservation: heir,
    });
    expect(await stateOf(dead)).toEqual({ kind: "reserved" });
  });

  test("is taken over from nobody whose reservation still lasts, and not when it is free or held", async () => {
    const living = tagPush("a");
    expect(await takeOver(living)).toBeNull();
    await reserveTag(db, living, IMMUTABLE);
    expect(await takeOver(living)).toBeNull();
    expect(await commitTag(db, living)).toEqual({ change: "new", previous: null, since: null });
    expect(await takeOver(living)).toBeNull();
  });

  test("that was taken over is neither committed nor released by the late one", async () => {
    const late = tagPush("a");
    await reserveTag(db, late, EXPIRED);
    const heir = await takeOver(late);
    if (heir === null) throw new Error("it was not taken over");
    expect(await commitTag(db, late)).toBeNull();
    await releaseTag(db, late);
    expect(await stateOf(late)).toEqual({ kind: "reserved" });
    expect(await commitTag(db, heir)).toEqual({ change: "new", previous: null, since: null });
    expect(await stateOf(late)).toMatchObject({ kind: "held", digest: late.digest });
  });

  test("of which twenty replicas want to take over the same push is given to exactly one", async () => {
    const dead = tagPush("a");
    await reserveTag(db, dead, EXPIRED);
    const pools = [db, ledger.open(), ledger.open(), ledger.open()];
    const heirs = await Promise.all(
      Array.from({ length: 20 }, (_, i) => takeOver(dead, pools[i % pools.length] ?? db)),
    );
    expect(heirs.filter((heir) => heir !== null)).toHaveLength(1);
  });

  test("is committed once: the same commit again changes nothing", async () => {
    const push = tagPush("a");
    await hold(push);
    expect(await commitTag(db, push)).toBeNull();
    await releaseTag(db, push);
    expect(await stateOf(push)).toMatchObject({ kind: "held", digest: push.digest });
  });

  test("whose lease ran out can still be committed while nobody took it over", async () => {
    const slow = tagPush("a");
    await reserveTag(db, slow, EXPIRED);
    expect(await commitTag(db, slow)).toEqual({ change: "new", previous: null, since: null });
    expect(await stateOf(slow)).toMatchObject({ kind: "held", digest: slow.digest });
  });

  test("whose reservation ran out is listed for whoever recovers, longest ago first", async () => {
    for (const leaseSeconds of [60, -10, -30, -20])
      await reserveTag(db, tagPush("a", { tag: `lease${leaseSeconds}` }), {
        mutable: false,
        leaseSeconds,
      });
    await hold(tagPush("a", { tag: "held" }));
    const listed = (await listExpired(db, 10)).map(({ tag }) => tag);
    expect(listed).toEqual(["lease-30", "lease-20", "lease-10"]);
    expect(await listExpired(db, 1)).toEqual([{ repository: "alpha/app", tag: "lease-30" }]);
  });

  test("says what its commit changed", async () => {
    const tag = "1.0-SNAPSHOT";
    const commit = async (content: string) => {
      const push = tagPush(content, { tag });
      await reserveTag(db, push, MUTABLE);
      return (await commitTag(db, push))?.change;
    };
    expect(await commit("a")).toBe("new");
    expect(await commit("a")).toBe("unchanged");
    expect(await commit("b")).toBe("moved");
    await db.query("update ledger.tag set deleted_at = now(), deleted_by = 'bob'");
    expect(await commit("b")).toBe("restored");
  });

  test("that was deleted can be reserved with the digest it had, and with no other", async () => {
    await hold(tagPush("a"));
    await db.query("update ledger.tag set deleted_at = now(), deleted_by = 'bob'");
    expect(await stateOf(tagPush("a"))).toMatchObject({ kind: "deleted" });
    expect(await reserveTag(db, tagPush("b"), IMMUTABLE)).toBeNull();
    expect(await reserveTag(db, tagPush("a"), IMMUTABLE)).toBe("known");
  });

  test("that was locked cannot be reserved, whatever the rule says", async () => {
    await hold(tagPush("a"));
    await db.query("update ledger.tag set locked_at = now(), locked_by = 'bob'");
    expect(await reserveTag(db, tagPush("b"), MUTABLE)).toBeNull();
  });

  test("of which fifty reservations race on several connections is given to exactly one", async () => {
    const pools = [db, ledger.open(), ledger.open(), ledger.open()];
    const won = await Promise.all(
      Array.from({ length: 50 }, (_, i) =>
        reserveTag(pools[i % pools.length] ?? db, tagPush(String(i)), IMMUTABLE),
      ),
    );
    expect(won.filter(Boolean)).toHaveLength(1);
  });

  test("cannot be written half by any statement: the table refuses it", async () => {
    const broken = [
      `insert into ledger.tag (repository, name) values ('a/b', '1')`,
      `insert into ledger.tag (repository, name, digest) values ('a/b', '1', 'sha256:x')`,
      `insert into ledger.tag (repository, name, reservation) values ('a/b', '1', gen_random_uuid())`,
    ];
    for (const statement of broken)
      await expect(db.query(statement)).rejects.toMatchObject({ code: "23514" });
  });
});

describe("manifests in the ledger", () => {
  test("are kept byte for byte", async () => {
    const content = Buffer.from([0, 255, 10, 13, 92, 39, 0]);
    const push = tagPush("a");
    await storeManifest(db, push.repository, { ...push.manifest, content }, "checked");
    expect((await readManifest(db, push.repository, push.digest))?.content).toEqual(content);
  });

  test("are kept as they came first: the same digest again changes nothing", async () => {
    const { repository, digest, manifest } = tagPush("a");
    await storeManifest(db, repository, manifest, "checked");
    await storeManifest(db, repository, { ...manifest, content: Buffer.from("other") }, "checked");
    expect((await readManifest(db, repository, digest))?.content).toEqual(Buffer.from("a"));
  });

  test("belong to their repository", async () => {
    const { repository, digest, manifest } = tagPush("a");
    await storeManifest(db, repository, manifest, "checked");
    const elsewhere = tagPush("a", { repository: "beta/app" }).repository;
    expect(await readManifest(db, elsewhere, digest)).toBeNull();
  });
});

async function hold(push: TagPush): Promise<void> {
  expect(await reserveTag(db, push, MUTABLE)).not.toBeNull();
  expect(await commitTag(db, push)).not.toBeNull();
}

function takeOver(key: TagPush, pool = db) {
  return takeOverExpired(pool, key, { reservation: randomUUID(), leaseSeconds: 60 });
}

function stateOf(push: TagPush) {
  return readTagState(db, push);
}

async function databaseTime(): Promise<Date> {
  const { rows } = await db.query<{ now: Date }>("select clock_timestamp() as now");
  if (rows[0] === undefined) throw new Error("the database does not know the time");
  return rows[0].now;
}
