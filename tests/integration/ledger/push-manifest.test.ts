import { randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { NEVER_GONE } from "#gateway/ledger/client-gone.js";
import { pushManifest } from "#gateway/ledger/push-manifest.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { recoverManifestPushes } from "#gateway/ledger/recover-manifests.js";
import { recoverTag } from "#gateway/ledger/recover.js";
import { readManifest } from "#gateway/ledger/sql/store-manifest.js";
import type { Database } from "#service-kit/db/pool.js";
import { createLedger, type TestLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import {
  pushDeps,
  tagKeeper,
  tagPush,
  type TagKeeper,
  type TestPushDeps,
} from "#tests/support/tag-pushes.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";

let postgres: TestPostgres;
let ledger: TestLedger;
let relay: TcpRelay;
let keeper: TagKeeper;
/** A gateway that loses the database, and one that does not. */
let deps: TestPushDeps;
let other: TestPushDeps;
let direct: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
  ledger = await createLedger(postgres);
  direct = ledger.open();
});
beforeEach(async () => {
  await ledger.clear();
  relay = await startRelay(postgres.login.port);
  keeper = tagKeeper();
  const patient = pushDeps(ledger.open({ port: relay.port }), keeper);
  deps = { ...patient, waiting: { ...patient.waiting, pause: () => Promise.resolve() } };
  other = pushDeps(direct, keeper);
});
afterEach(() => relay.cut());
afterAll(async () => {
  await ledger.close();
  await postgres.stop();
});

const made = tagPush("a");
const stored = async () => {
  await Promise.resolve();
  keeper.write(made);
  return { status: 201 };
};
const push = (send: () => Promise<{ status: number }>, gone = NEVER_GONE) =>
  pushManifest(deps, { ...made, id: randomUUID() }, made.manifest, { send, gone });
const notes = async () => (await direct.query("select from ledger.manifest_push")).rowCount;
const loseGateway = () =>
  direct.query("update ledger.manifest_push set unsettled_at = now() - interval '1 second'");
/** Longer than the registry may take. */
const outlast = () =>
  direct.query("update ledger.manifest_push set noted_at = now() - interval '1 hour'");
const recover = () => recoverManifestPushes(other, NEVER_GONE);
const onRecord = async () => {
  const entries = (await ledger.audited()).filter(({ action }) => action === "manifest.pushed");
  return entries.map(({ digest, actor, reason }) => [digest, actor.uid, reason]);
};

describe("a push of a manifest by digest", () => {
  test("is on record when it is acknowledged, is counted once, and leaves no note", async () => {
    const grown: unknown[] = [];
    const growth = (...of: unknown[]) => void grown.push(of);
    deps = { ...deps, counts: { ...deps.counts, growth } };
    await expect(push(stored)).resolves.toEqual({ status: 201 });
    await expect(push(stored)).resolves.toEqual({ status: 201 });
    expect(grown).toEqual([[made.repository, made.manifest.content.length]]);
    expect(await onRecord()).toEqual([[made.digest, "alice", "stored by the registry"]]);
    expect(await notes()).toBe(0);
  });

  test("counts as its repository's where connections are shared out", async () => {
    const about: (string | undefined)[] = [];
    const { db } = deps;
    deps = {
      ...deps,
      db: {
        ...db,
        transaction: (work, what) => {
          about.push(what);
          return db.transaction(work, what);
        },
      },
    };
    await push(stored);
    expect(about).toEqual([made.repository]);
  });

  test("is noted before the registry is asked", async () => {
    await push(async () => {
      expect(await notes()).toBe(1);
      return { status: 201 };
    });
  });

  test("that the registry will not have leaves neither note nor record", async () => {
    await expect(push(() => Promise.resolve({ status: 404 }))).resolves.toEqual({ status: 404 });
    expect(await notes()).toBe(0);
    expect(await onRecord()).toEqual([]);
  });

  test("does not reach the registry while the database is away", async () => {
    await relay.cut();
    const asked: string[] = [];
    const attempt = push(() => {
      asked.push("registry");
      return stored();
    });
    await expect(attempt).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(asked).toEqual([]);
  });

  test("that was stored when the database went away is put on record by another gateway", async () => {
    const attempt = push(async () => {
      const verdict = await stored();
      await relay.cut();
      return verdict;
    });
    await expect(attempt).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await onRecord()).toEqual([]);
    await recover();
    expect(await notes()).toBe(1);
    await loseGateway();
    await recover();
    expect(await onRecord()).toEqual([
      [made.digest, "alice", "settled for a gateway that was lost"],
    ]);
    const { digest, mediaType, content } = made.manifest;
    expect(await readManifest(direct, made.repository, digest)).toEqual({
      digest,
      mediaType,
      content,
    });
    expect(await notes()).toBe(0);
  });

  test.each([
    ["did not answer", () => Promise.reject(new Error("reset"))],
    ["answered 500", () => Promise.resolve({ status: 500 })],
    ["did not accept the gateway", () => Promise.resolve({ status: 401 })],
  ])("of which the registry %s is settled by what it has", async (_what, answer) => {
    await expect(push(answer)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    keeper.away = true;
    await loseGateway();
    await recover();
    expect(await notes()).toBe(1);
    keeper.away = false;
    await loseGateway();
    await recover();
    expect(await notes()).toBe(1);
    await loseGateway();
    await outlast();
    await recover();
    expect(await notes()).toBe(0);
    expect(await onRecord()).toEqual([]);
    await expect(push(answer)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    keeper.write(made);
    await loseGateway();
    await Promise.all([recover(), recover(), recover()]);
    expect(await onRecord()).toHaveLength(1);
  });

  test("that the registry stores later than anybody waits for is on record then", async () => {
    await expect(push(() => Promise.reject(new Error("reset")))).rejects.toThrow();
    await loseGateway();
    await recover();
    expect(await onRecord()).toEqual([]);
    keeper.write(made);
    await loseGateway();
    await recover();
    expect(await onRecord()).toHaveLength(1);
    expect(await notes()).toBe(0);
  });

  test("of which nobody can tell what came of it is ended, on record", async () => {
    await expect(push(() => Promise.reject(new Error("reset")))).rejects.toThrow();
    keeper.away = true;
    await loseGateway();
    await recover();
    expect(await notes()).toBe(1);
    await loseGateway();
    await outlast();
    await recover();
    expect(await notes()).toBe(0);
    expect(await ledger.audited()).toMatchObject([
      {
        action: "write.ended",
        digest: made.digest,
        detail: { kind: "manifest-push", begunBy: "alice" },
      },
    ]);
  });

  test("is not made for a client that has gone, and leaves no note", async () => {
    const gone = new AbortController();
    gone.abort();
    await expect(push(stored, gone.signal)).rejects.toMatchObject({ code: "BODY_INCOMPLETE" });
    expect(await notes()).toBe(0);
    expect(await keeper.manifest(made.digest)).toBeNull();
  });
});

describe("a push of a tag that left its manifest at the registry without the tag", () => {
  const halfStored = {
    send: async () => {
      await stored();
      keeper.tags.clear();
      return { status: 500 };
    },
    currentDigest: () => keeper.digestOf(made),
  };

  test("has the manifest on record", async () => {
    await expect(pushTag(deps, made, halfStored)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await onRecord()).toEqual([
      [made.digest, "alice", "stored by the registry, without the tag"],
    ]);
  });

  test("has it on record when its gateway was lost", async () => {
    const lost = { ...halfStored, currentDigest: () => Promise.reject(new Error("reset")) };
    const known = { ...lost, currentDigest: once(() => keeper.digestOf(made), lost.currentDigest) };
    await expect(pushTag(deps, made, known)).rejects.toMatchObject({ code: "UNAVAILABLE" });
    expect(await onRecord()).toEqual([]);
    await direct.query("update ledger.tag set reserved_until = now() - interval '1 second'");
    await recoverTag(other, made);
    expect(await onRecord()).toHaveLength(1);
  });
});

/** @returns what does the first thing once, and the second ever after */
function once<T>(first: () => T, then: () => T): () => T {
  let calls = 0;
  return () => ((calls += 1) === 1 ? first() : then());
}

describe("a push by digest whose client has gone", () => {
  test("before it began is not even noted", async () => {
    await relay.cut();
    await expect(push(stored, AbortSignal.abort())).rejects.toMatchObject({
      code: "BODY_INCOMPLETE",
    });
  });

  test("while it was noted is not sent, and its note is taken back", async () => {
    const client = new AbortController();
    const { db } = deps;
    const leaving: Database = {
      ...db,
      query: (async (...asked: Parameters<Database["query"]>) => {
        const answer = await db.query(...asked);
        client.abort();
        return answer;
      }) as Database["query"],
    };
    let isSent = false;
    const send = () => {
      isSent = true;
      return stored();
    };
    await expect(
      pushManifest({ ...deps, db: leaving }, { ...made, id: randomUUID() }, made.manifest, {
        ...{ send, gone: client.signal },
      }),
    ).rejects.toMatchObject({ code: "BODY_INCOMPLETE" });
    expect(isSent).toBe(false);
    expect(await notes()).toBe(0);
  });
});
