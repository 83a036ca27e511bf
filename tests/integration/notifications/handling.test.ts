import { beforeEach, describe, expect, test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { gatewayMetrics } from "#gateway/wiring/gateway-metrics.js";
import {
  handleNotifications,
  type HandleDeps,
} from "#gateway/notifications/handle-notifications.js";
import { keepNotifications } from "#gateway/notifications/sql/keep-notifications.js";
import { notificationWorker } from "#gateway/notifications/notification-worker.js";
import { recordReportedPulls } from "#gateway/notifications/reported-pulls.js";
import {
  claimNotifications,
  notificationBacklog,
  pruneNotifications,
} from "#gateway/notifications/sql/work-notifications.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { announcing } from "#gateway/outbox/announcing.js";
import { digestOf, type Digest } from "#registry-protocol/digest.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { gate } from "#tests/support/gate.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { EVERYTHING } from "./support/everything.js";
import { useLedger } from "#tests/support/use-ledger.js";

const D1 = digestOf(Buffer.from("one"));
const D2 = digestOf(Buffer.from("two"));

let ledger: StartedLedger;
let db: Database;
/** What tags mean at the registry; an error is what it answers. */
const registry = new Map<string, Digest | Error>();
const asked: string[] = [];

useLedger((started) => {
  ledger = started;
  ({ db } = ledger);
});
beforeEach(() => {
  registry.clear();
  asked.length = 0;
});

describe("a reported push", () => {
  test("of a tag that the registry does not have any more changes nothing", async () => {
    await report("1.0", D1);
    await handleTwiceMore();
    expect(await outcomes()).toEqual(["gone"]);
    expect(await tags()).toEqual([]);
  });

  test("that comes before the registry has written the tag is adopted when it has", async () => {
    await report("1.0", D1);
    await handleNotifications(deps());
    expect(await outcomes()).toEqual([]);
    registry.set("1.0", D1);
    await makeDue();
    await handleNotifications(deps());
    expect(await outcomes()).toEqual(["adopted"]);
    expect(await tags()).toEqual([{ name: "1.0", digest: D1, drift: null }]);
  });

  test("that comes before the registry has written another digest is drift when it has", async () => {
    await hold("1.0", D1);
    registry.set("1.0", D1);
    await report("1.0", D2);
    await handleNotifications(deps());
    registry.set("1.0", D2);
    await makeDue();
    await handleNotifications(deps());
    expect(await outcomes()).toEqual(["drifted"]);
    expect(await tags()).toEqual([{ name: "1.0", digest: D1, drift: D2 }]);
  });

  test("of a tag that the registry cannot read is settled, and keeps nobody waiting", async () => {
    for (let i = 0; i < 8; i += 1) {
      registry.set(`odd-${i}`, new Unreadable("unrecognized manifest schema version 1"));
      await report(`odd-${i}`, D2);
    }
    registry.set("1.0", D1);
    await report("1.0", D1);
    await handleNotifications(deps());
    const unreadable = Array.from({ length: 8 }, () => "unreadable");
    expect((await outcomes()).sort()).toEqual(["adopted", ...unreadable]);
    expect(await tags()).toEqual([{ name: "1.0", digest: D1, drift: null }]);
  });

  test("of a tag that was deleted in the ledger does not bring it back", async () => {
    await hold("1.0", D1, { deleted: true });
    registry.set("1.0", D2);
    await report("1.0", D2);
    await handleNotifications(deps());
    expect(await outcomes()).toEqual(["deleted here"]);
    expect(await tags()).toEqual([{ name: "1.0", digest: D1, drift: null }]);
  });

  test("of a tag that is being pushed is left to whoever pushes it", async () => {
    await hold("1.0", D1, { reserved: true });
    registry.set("1.0", D2);
    await report("1.0", D2);
    await handleNotifications(deps());
    expect(await outcomes()).toEqual(["in progress"]);
    expect(asked).toEqual([]);
  });

  test("long after the tag was pushed again is no drift", async () => {
    await hold("1.0-SNAPSHOT", D2);
    registry.set("1.0-SNAPSHOT", D2);
    await report("1.0-SNAPSHOT", D1);
    await handleTwiceMore();
    expect(await outcomes()).toEqual(["known"]);
    expect(await tags()).toEqual([{ name: "1.0-SNAPSHOT", digest: D2, drift: null }]);
  });

  test("of many for one tag asks the registry once", async () => {
    registry.set("1.0", D1);
    for (let i = 0; i < 20; i += 1) await report("1.0", D1);
    await handleNotifications(deps());
    expect(asked).toEqual(["1.0"]);
    expect(await outcomes()).toEqual(Array.from({ length: 20 }, () => "adopted"));
    expect(await countOf("ledger.event")).toBe(1);
  });

  test("with a name that is none is settled", async () => {
    await report("not a tag", D1);
    await handleNotifications(deps());
    expect(await outcomes()).toEqual(["nothing to do"]);
  });
});

describe("what waits", () => {
  test("is measured while there is more to do, not only when all is done", async () => {
    for (let i = 0; i < 210; i += 1) await report(`t${i}`, D1);
    const shut = gate();
    const upstreamDigest = async ({ tag }: { tag: string }) => {
      asked.push(tag);
      if (asked.length > 200) await shut.opened;
      return D1;
    };
    const parts = deps();
    const watched = { ...parts, tags: { ...parts.tags, upstreamDigest } };
    const worker = notificationWorker(watched);
    await worker.start();
    await eventually("the second part is begun", () => asked.length > 200);
    const { values } = await watched.hookMetrics.waiting.get();
    shut.open();
    await worker.stop();
    expect(values).toEqual([expect.objectContaining({ value: 10 })]);
  });
});

describe("while the registry is away", () => {
  test("a reported push waits, longer each time, and is handled when it is back", async () => {
    registry.set("1.0", new Error("connection refused"));
    await report("1.0", D1);
    const waits: number[] = [];
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      await handleNotifications(deps());
      const { rows } = await db.query<{ wait: number; error: string }>(
        `select extract(epoch from due_at - clock_timestamp())::float8 as wait, last_error as error
         from ledger.notification where handled_at is null`,
      );
      waits.push(rows[0]?.wait ?? 0);
      expect(rows[0]?.error).toBe("connection refused");
      expect(await handleNotifications(deps())).toBe(0);
      await db.query("update ledger.notification set due_at = now()");
    }
    expect(waits[1]).toBeGreaterThan(waits[0] ?? 0);
    expect(waits[2]).toBeGreaterThan(waits[1] ?? 0);
    registry.set("1.0", D1);
    await handleNotifications(deps());
    expect(await outcomes()).toEqual(["adopted"]);
  });

  test("it is given up after many attempts, with the reason", async () => {
    registry.set("1.0", new Error("connection refused"));
    await report("1.0", D1);
    await db.query("update ledger.notification set attempts = 29");
    await handleNotifications(deps());
    expect(await outcomes()).toEqual(["given up"]);
    expect((await notificationBacklog(db)).waiting).toBe(0);
  });

  test("it is not asked for every tag of a batch", async () => {
    for (let i = 0; i < 100; i += 1) {
      registry.set(`${i}`, new Error("connection refused"));
      await report(`${i}`, D1);
    }
    await handleNotifications(deps());
    expect(asked.length).toBeLessThan(20);
    expect((await notificationBacklog(db)).waiting).toBe(100);
  });

  test("one tag that cannot be asked for keeps none of the others waiting", async () => {
    registry.set("bad", new Error("500"));
    await report("bad", D1);
    for (let i = 0; i < 50; i += 1) {
      registry.set(`${i}`, D1);
      await report(`${i}`, D1);
    }
    await handleNotifications(deps());
    expect(await tags()).toHaveLength(50);
    expect((await notificationBacklog(db)).waiting).toBe(1);
  });
});

describe("several replicas", () => {
  test("share the work and do nothing twice", async () => {
    for (let i = 0; i < 500; i += 1) {
      registry.set(`${i}`, D1);
      await report(`${i}`, D1);
      await report("1.0", D1, "pull");
    }
    const replicas = [deps(), deps(), deps()];
    const taken = await Promise.all(
      replicas.map(async (replica) => {
        let sum = 0;
        for (let count = -1; count !== 0; sum += Math.max(count, 0))
          count = await handleNotifications(replica);
        return sum;
      }),
    );
    expect(taken.reduce((sum, one) => sum + one)).toBe(1_000);
    expect(await tags()).toHaveLength(500);
    expect(asked).toHaveLength(500);
    const { rows } = await db.query("select tag, count::int as count from ledger.pull_total");
    expect(rows).toEqual([{ tag: "1.0", count: 500 }]);
  });

  test("of which one comes late, after its claim has ended, count a pull once", async () => {
    await report("1.0", D1, "pull");
    const late = await claimNotifications(db, 10, 0);
    await handleNotifications(deps());
    await recordReportedPulls(deps().pulls, late);
    const { rows } = await db.query("select count::int as count from ledger.pull_total");
    expect(rows).toEqual([{ count: 1 }]);
  });
});

describe("what was handled", () => {
  test("is forgotten when it is old, and so are dead letters; what waits stays", async () => {
    registry.set("1.0", D1);
    registry.set("2.0", D1);
    await report("1.0", D1);
    await report("2.0", D1);
    await handleNotifications(deps());
    await report("3.0", D1);
    await keepNotifications(db, [], [{ reason: "x", size: 1, content: Buffer.from("x") }]);
    await db.query(
      `update ledger.notification set received_at = now() - interval '1 year',
         handled_at = handled_at - interval '8 days' where tag <> '2.0'`,
    );
    await pruneNotifications(db, { handled: 7, dead: 30 });
    expect(await countOf("ledger.notification")).toBe(2);
    expect(await countOf("ledger.dead_notification")).toBe(1);
    await db.query("update ledger.dead_notification set received_at = now() - interval '31 days'");
    await pruneNotifications(db, { handled: 7, dead: 30 });
    expect(await countOf("ledger.dead_notification")).toBe(0);
  });
});

/** What may have come before the tag was written is looked at three times in all. */
async function handleTwiceMore(): Promise<void> {
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    await handleNotifications(deps());
    expect(await outcomes()).toEqual([]);
    await makeDue();
  }
  await handleNotifications(deps());
}

async function makeDue(): Promise<void> {
  await db.query("update ledger.notification set due_at = now()");
}

function deps(): HandleDeps {
  const { hookMetrics, pullMetrics } = gatewayMetrics();
  return {
    db,
    log: SILENT,
    hookMetrics,
    tags: {
      ...{ db, log: SILENT, policy: PIER_ONE_TAGS },
      audit: announcing(recordAudit, [EVERYTHING], () => undefined),
      upstreamDigest: ({ tag }) => {
        asked.push(tag);
        const answer = registry.get(tag) ?? null;
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
      repair: () => Promise.resolve("its manifest is lost"),
      repairs: false,
      signal: new AbortController().signal,
    },
    pulls: { db, sinks: [], announced: () => undefined, hookMetrics, pullMetrics },
  };
}

let reports = 0;

async function report(tag: string, digest: Digest, action = "push"): Promise<void> {
  if ((await countOf("ledger.notification")) === 0) reports = 0;
  const id = String(reports);
  reports += 1;
  const about = { repository: "alpha/app", tag, digest, isManifest: true, outcome: null };
  const request = { method: "GET", userAgent: "curl", address: "10.1.2.3", uid: "" };
  const event = { id, action, ...about, ...request, content: "{}" };
  await keepNotifications(db, [event], []);
}

async function hold(
  tag: string,
  digest: Digest,
  { deleted = false, reserved = false } = {},
): Promise<void> {
  await db.query(
    `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
     values ('alpha/app', $1, $2, 'alice', now())`,
    [tag, digest],
  );
  if (deleted) await db.query("update ledger.tag set deleted_at = now(), deleted_by = 'alice'");
  if (reserved)
    await db.query(
      `update ledger.tag set reservation = gen_random_uuid(), reserved_digest = $1,
         reserved_by = 'bob', reserved_until = now() + interval '1 minute'`,
      [D2],
    );
}

async function outcomes(): Promise<string[]> {
  const { rows } = await db.query<{ outcome: string }>(
    "select outcome from ledger.notification where outcome is not null",
  );
  return rows.map(({ outcome }) => outcome);
}

async function tags(): Promise<unknown[]> {
  const { rows } = await db.query(
    "select name, digest, drift_digest as drift from ledger.tag order by name",
  );
  return rows;
}

async function countOf(table: string): Promise<number> {
  const { rows } = await db.query<{ count: number }>(`select count(*)::int as count from ${table}`);
  return rows[0]?.count ?? 0;
}
