import { beforeEach, describe, expect, test } from "@jest/globals";
import { adopt } from "#gateway/ledger/adopt.js";
import { pushTag, type TagPush } from "#gateway/ledger/push-tag.js";
import { recoverTag, recovery } from "#gateway/ledger/recover.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { reserveHeld } from "#gateway/ledger/sql/reserve-held-tag.js";
import { readLatest } from "#gateway/ledger/sql/latest-tag.js";
import { readTagState } from "#gateway/ledger/sql/read-tag.js";
import { readManifest } from "#gateway/ledger/sql/store-manifest.js";
import { readSource } from "#gateway/scm/sql/scm-source.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { gate } from "#tests/support/gate.js";
import { type StartedLedger } from "#tests/support/ledger.js";
import {
  impatientDeps,
  pushDeps,
  tagKeeper,
  tagPush,
  type TagKeeper,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";
import { useLedger } from "#tests/support/use-ledger.js";

const SNAPSHOT = "1.0-SNAPSHOT";

let ledger: StartedLedger;
let db: Database;
let keeper: TagKeeper;
/** The gateway that lives on. */
let deps: TestPushDeps;

useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});
beforeEach(() => {
  keeper = tagKeeper();
  deps = pushDeps(db, keeper);
});

describe("a push whose gateway died after the registry had stored it", () => {
  test("is committed by another gateway, in the name of whoever pushed it", async () => {
    const lost = tagPush("a", { actor: "bob" });
    await dieAfterSending(lost);
    await recoverTag(deps, lost);
    expect(await stateOf(lost)).toMatchObject({ kind: "held", digest: lost.digest, by: "bob" });
    expect((await readManifest(db, lost.repository, lost.digest))?.content).toEqual(
      Buffer.from("a"),
    );
    expect(await ledger.audited()).toMatchObject([
      {
        action: "tag.pushed",
        actor: lost.actor,
        tag: "1.0",
        digest: lost.digest,
        reason: "settled for a gateway that was lost",
        detail: { change: "new" },
      },
    ]);
  });

  test("keeps the source that it was pushed with", async () => {
    const source = { url: "git:a", revision: "b", author: "", status: "" };
    const lost: TagPush = { ...tagPush("a"), source: { source, origin: "header" } };
    await dieAfterSending(lost);
    await recoverTag(deps, lost);
    expect(await readSource(db, lost)).toMatchObject({ source, origin: "header" });
    expect(await ledger.audited()).toMatchObject([{ detail: { scmSource: source } }]);
  });

  test("succeeds when it is made again, and is on record once", async () => {
    await dieAfterSending(tagPush("a"));
    await expectStored(tagPush("a"));
    expect(await ledger.audited()).toHaveLength(1);
  });

  test("holds the tag against other content, and the refusal names its pusher", async () => {
    const lost = tagPush("a", { actor: "bob" });
    await dieAfterSending(lost);
    const fault = await faultOf(tagPush("b"));
    expect(fault.code).toBe("TAG_HELD");
    expect(fault.detail).toMatchObject({ digest: lost.digest, pushedBy: "bob" });
    expect(keeper.writes).toEqual([lost.digest]);
  });

  test("is committed once when twenty replicas settle it at the same time", async () => {
    const lost = tagPush("a");
    await dieAfterSending(lost);
    const replicas = [deps, pushDeps(ledger.open(), keeper), pushDeps(ledger.open(), keeper)];
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => recoverTag(replicas[i % 3] ?? deps, lost)),
    );
    expect(await stateOf(lost)).toMatchObject({ kind: "held", digest: lost.digest });
    expect(await ledger.audited()).toHaveLength(1);
    expect(replicas.flatMap(({ steps }) => steps).sort()).toEqual(["committed", "taken-over"]);
  });

  test("is committed without anybody asking for it, within seconds", async () => {
    const pushes = ["1.0", "1.1", "1.2"].map((tag) => tagPush("a", { tag }));
    for (const push of pushes) await dieAfterSending(push);
    const component = recovery(deps);
    await component.start();
    for (const push of pushes)
      await eventually("it is settled", async () => (await stateOf(push)).kind === "held", 15_000);
    await component.stop();
  });

  test("is committed although another one cannot be settled", async () => {
    const pushes = ["1.0", "1.1", "1.2"].map((tag) => tagPush("a", { tag }));
    for (const push of pushes) await dieAfterSending(push);
    const [stuck, ...others] = pushes;
    const component = recovery({
      ...deps,
      upstreamDigest: (key) =>
        key.tag === stuck?.tag ? Promise.reject(new Error("reset")) : keeper.digestOf(key),
    });
    await component.start();
    for (const push of others)
      await eventually("it is settled", async () => (await stateOf(push)).kind === "held", 8_000);
    await component.stop();
  });

  test("moves a mutable tag, which meant the old content until then", async () => {
    const before = tagPush("a", { tag: SNAPSHOT });
    await expectStored(before);
    const lost = tagPush("b", { tag: SNAPSHOT, actor: "bob" });
    await dieAfterSending(lost);
    await recoverTag(deps, lost);
    expect(await stateOf(lost)).toMatchObject({ kind: "held", digest: lost.digest, by: "bob" });
    expect(await ledger.audited()).toMatchObject([
      { detail: { change: "new" } },
      { actor: { uid: "bob" }, detail: { change: "moved" } },
    ]);
  });

  test("is given up when the registry has the tag but no longer its manifest", async () => {
    const lost = tagPush("a");
    await dieAfterSending(lost);
    await recoverTag({ ...deps, upstreamManifest: () => Promise.resolve(null) }, lost);
    expect(await stateOf(lost)).toEqual({ kind: "free" });
    expect(await ledger.audited()).toEqual([]);
  });
});

describe("a push whose gateway died before it reached the registry", () => {
  test("leaves no trace once another gateway has settled it", async () => {
    const lost = tagPush("a");
    await dieBeforeSending(lost);
    await recoverTag(deps, lost);
    expect(await stateOf(lost)).toEqual({ kind: "free" });
    expect(await ledger.audited()).toEqual([]);
  });

  test.each(["a", "b"])("hinders nobody who pushes afterwards: content %s", async (content) => {
    await dieBeforeSending(tagPush("a"));
    await expectStored(tagPush(content));
    expect(await ledger.audited()).toHaveLength(1);
  });

  test("leaves a mutable tag as it was", async () => {
    const before = tagPush("a", { tag: SNAPSHOT });
    await expectStored(before);
    const state = await stateOf(before);
    await dieBeforeSending(tagPush("b", { tag: SNAPSHOT, actor: "bob" }));
    await recoverTag(deps, before);
    expect(await stateOf(before)).toEqual(state);
  });
});

describe.each(["removal", "repair"] as const)("a %s whose gateway died", (kind) => {
  const adopted = tagPush("old", { tag: "preview" });

  beforeEach(async () => {
    await expectStored(tagPush("a"));
    keeper.write(adopted);
    await adopt(deps, adopted, adopted.digest, "found");
  });

  test.each(["with the tag still", "without the tag"])(
    "at a registry %s, leaves an adopted tag as it was, and latest where it was",
    async (where) => {
      const before = await rowOf(adopted);
      await dieReserving(adopted);
      if (where === "without the tag") keeper.tags.delete("alpha/app:preview");
      await recoverTag(deps, adopted);
      expect(await rowOf(adopted)).toEqual(before);
      expect(await readLatest(db, adopted.repository)).toMatchObject({
        digest: tagPush("a").digest,
      });
      expect(deps.steps.slice(-2)).toEqual(["taken-over", "released"]);
      expect((await ledger.audited()).map(({ action }) => action)).toEqual([
        "tag.pushed",
        "tag.adopted",
      ]);
    },
  );

  test("is given back while the registry is away", async () => {
    await dieReserving(adopted);
    keeper.away = true;
    await recoverTag(deps, adopted);
    expect((await stateOf(adopted)).kind).toBe("held");
  });

  test("by one from before it was told apart, leaves an adopted tag adopted all the same", async () => {
    const before = await rowOf(adopted);
    await dieReserving(adopted);
    await db.query("update ledger.tag set reserved_kind = null");
    await recoverTag(deps, adopted);
    expect(await rowOf(adopted)).toEqual(before);
  });

  test("does not stand for the push that comes after it", async () => {
    const snapshot = tagPush("a", { tag: SNAPSHOT });
    await expectStored(snapshot);
    await dieReserving(snapshot);
    await recoverTag(deps, snapshot);
    const lost = tagPush("b", { tag: SNAPSHOT, actor: "bob" });
    await dieAfterSending(lost);
    await recoverTag(deps, lost);
    expect(await stateOf(lost)).toMatchObject({ kind: "held", digest: lost.digest, by: "bob" });
  });

  async function dieReserving(push: TagPush): Promise<void> {
    expect(await reserveHeld(db, push, { kind, leaseSeconds: -1 })).not.toBeNull();
  }

  async function rowOf({ repository, tag }: TagPush): Promise<unknown> {
    const { rows } = await db.query(
      `select digest, pushed_by, pushed_at, origin, deleted_at, reservation, reserved_kind
       from ledger.tag where repository = $1 and name = $2`,
      [repository, tag],
    );
    return rows[0];
  }
});

describe("while the registry does not answer", () => {
  test.each([
    ["it had stored", dieAfterSending],
    ["it had not stored", dieBeforeSending],
  ])("a push %s stays reserved, and nobody is told yes or no", async (_what, die) => {
    const lost = tagPush("a");
    await die(lost);
    keeper.away = true;
    await expect(recoverTag(deps, lost)).rejects.toThrow("away");
    expect((await stateOf(lost)).kind).toBe("reserved");
    for (const content of ["a", "b"]) {
      const push = tagPush(content);
      const impatient = impatientDeps(db);
      const recover = (key: TagKey) => recoverTag(deps, key);
      const waiting = { ...impatient.waiting, recover };
      const attempt = pushTag({ ...impatient, waiting }, push, keeper.transport(push));
      expect(await codeOf(attempt)).toBe("UNAVAILABLE");
    }
    expect(await ledger.audited()).toEqual([]);
  });

  test("settling is tried again soon after it is back, not only after another whole lease", async () => {
    const lost = tagPush("a");
    await dieAfterSending(lost);
    keeper.away = true;
    await expect(recoverTag(deps, lost)).rejects.toThrow("away");
    keeper.away = false;
    const since = performance.now();
    await expectStored(tagPush("a"));
    expect(performance.now() - since).toBeLessThan(10_000);
    expect(await stateOf(lost)).toMatchObject({ kind: "held", digest: lost.digest });
  });

  test("a push that got no answer can be made again soon after it is back", async () => {
    const push = tagPush("a");
    const transport = keeper.transport(push);
    const lost = {
      ...transport,
      send: async () => {
        await transport.send();
        keeper.away = true;
        throw new Error("reset");
      },
    };
    expect(await codeOf(pushTag(deps, push, lost))).toBe("UNAVAILABLE");
    expect((await stateOf(push)).kind).toBe("reserved");
    keeper.away = false;
    const since = performance.now();
    await expectStored(tagPush("a"));
    expect(performance.now() - since).toBeLessThan(10_000);
  });
});

describe("a gateway that was taken for dead and comes back", () => {
  test("acknowledges its push when it was committed for it", async () => {
    const late = tagPush("a");
    const sleeper = await fallAsleepAfterSending(late);
    await recoverTag(deps, late);
    await expect(sleeper.wake()).resolves.toEqual({ verdict: { status: 201 } });
    expect(await ledger.audited()).toHaveLength(1);
  });

  test("does not acknowledge it when the tag was given to somebody else", async () => {
    const late = tagPush("a");
    const sleeper = await fallAsleepBeforeSending(late);
    const heir = tagPush("b");
    await expectStored(heir);
    expect(await codeOf(sleeper.wake())).toBe("UNAVAILABLE");
    // It wrote to the registry after all; the ledger does not follow.
    expect(keeper.tags.get("alpha/app:1.0")).toBe(late.digest);
    expect(await stateOf(heir)).toMatchObject({ kind: "held", digest: heir.digest });
    expect(await ledger.audited()).toMatchObject([{ digest: heir.digest }]);
  });

  test("does not acknowledge it when it was given up; made again it succeeds, other content does not", async () => {
    const late = tagPush("a");
    const sleeper = await fallAsleepBeforeSending(late);
    await recoverTag(deps, late);
    expect(await codeOf(sleeper.wake())).toBe("UNAVAILABLE");
    expect(await stateOf(late)).toEqual({ kind: "free" });
    expect((await faultOf(tagPush("b"))).code).toBe("TAG_HELD");
    await expectStored(tagPush("a"));
  });

  test("does not take the mutable tag back from whoever wrote it since", async () => {
    await expectStored(tagPush("a", { tag: SNAPSHOT }));
    const late = tagPush("b", { tag: SNAPSHOT });
    const sleeper = await fallAsleepBeforeSending(late);
    const heir = tagPush("c", { tag: SNAPSHOT });
    await expectStored(heir);
    expect(await codeOf(sleeper.wake())).toBe("UNAVAILABLE");
    expect(await stateOf(heir)).toMatchObject({ kind: "held", digest: heir.digest });
  });
});

async function dieAfterSending(push: TagPush): Promise<void> {
  await fallAsleepAfterSending(push);
}

async function dieBeforeSending(push: TagPush): Promise<void> {
  await fallAsleepBeforeSending(push);
}

/** A gateway that does nothing more, so that its lease runs out, until it is woken. */
function fallAsleepAfterSending(push: TagPush) {
  return fallAsleep(push, async (send, awake) => {
    const verdict = await send();
    await awake();
    return verdict;
  });
}

function fallAsleepBeforeSending(push: TagPush) {
  return fallAsleep(push, async (send, awake) => {
    await awake();
    return send();
  });
}

async function fallAsleep(
  push: TagPush,
  send: (
    send: () => Promise<{ status: number }>,
    awake: () => Promise<void>,
  ) => Promise<{ status: number }>,
) {
  const transport = keeper.transport(push);
  const [asleep, awake] = [gate(), gate()];
  const sleep = () => {
    asleep.open();
    return awake.opened;
  };
  const sleepy = { ...transport, send: () => send(() => transport.send(), sleep) };
  const outcome = pushTag(pushDeps(db, keeper), push, sleepy);
  await asleep.opened;
  await db.query(
    "update ledger.tag set reserved_until = now() - interval '1 second' where reservation = $1",
    [push.reservation],
  );
  return {
    wake: () => {
      awake.open();
      return outcome;
    },
  };
}

/** Acknowledged, either with the registry's answer or because it is there already. */
async function expectStored(push: TagPush): Promise<void> {
  const { verdict } = await pushTag(deps, push, keeper.transport(push));
  expect(verdict ?? { status: 201 }).toEqual({ status: 201 });
  expect(keeper.tags.get(`${push.repository}:${push.tag}`)).toBe(push.digest);
  expect(await stateOf(push)).toMatchObject({ kind: "held", digest: push.digest });
}

async function faultOf(push: TagPush): Promise<Fault> {
  const outcome = await pushTag(deps, push, keeper.transport(push)).catch(
    (error: unknown) => error,
  );
  if (outcome instanceof Fault) return outcome;
  throw new Error("the push was not refused", { cause: outcome });
}

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  const outcome = await work.catch((error: unknown) => error);
  return outcome instanceof Fault ? outcome.code : outcome;
}

function stateOf(push: TagPush) {
  return readTagState(db, push);
}
