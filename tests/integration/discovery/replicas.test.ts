import { describe, expect, test } from "@jest/globals";
import { Registry } from "prom-client";
import { makeDueCheckpoint } from "#audit-log/checkpointer.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { discoveryMetrics } from "#gateway/discovery/discovery-metrics.js";
import { discovery } from "#gateway/discovery/discovery.js";
import { isPassDue } from "#gateway/discovery/sql/cursor.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { SILENT, type StartedLedger } from "#tests/support/ledger.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { tagEntry, testKeys } from "../audit-log/support/audited.js";
import { discoveryDeps, type Discover } from "./support/discoverer.js";
import { fill, type ListedRegistry } from "./support/listed-registry.js";
import { useDiscoverer } from "./support/use-discoverer.js";

let ledger: StartedLedger;
let db: Database;
let registry: ListedRegistry;
let discover: Discover;

useDiscoverer((parts) => {
  ({ ledger, db, registry, discover } = parts);
});

describe("while one replica makes a pass", () => {
  test("another one tells how many tags are wrong", async () => {
    registry.write("alpha/app", "1.0", "ours");
    await discover();
    registry.write("alpha/app", "1.0", "theirs");
    expect(await discover()).toMatchObject({ drifted: 1 });
    fill(registry, "alpha/app", 300);
    const ending = new AbortController();
    const passing = discover({ perSecond: 20, signal: ending.signal });
    await eventually("the pass has begun", () => registry.asked.size > 5);
    const told = new Registry();
    const deps = discoveryDeps(ledger, db, registry.url);
    const component = discovery(
      { ...deps, metrics: discoveryMetrics(told, Date.now) },
      { seconds: 1, sightings: 3, repair: false, slice: 1, parts: 0, perSecond: 1 },
    );
    await component.start();
    await eventually("the other tells of the drift", async () =>
      (await told.metrics()).includes('discovery_tags_wrong{state="drifted"} 1'),
    );
    expect(await told.metrics()).not.toContain("discovery_passes_total{");
    await component.stop();
    ending.abort(new Error("seen enough"));
    await passing;
  });

  test("checkpoints of the audit log are made all the same", async () => {
    fill(registry, "alpha/app", 300);
    const folder = await temporaryFolder();
    const keys = await testKeys(folder.path);
    const ending = new AbortController();
    const passing = discover({ perSecond: 20, signal: ending.signal });
    await eventually("the pass has begun", () => registry.asked.size > 0);
    await recordAudit(db, tagEntry());
    const interval = { entries: 1, seconds: 1 };
    const made = makeDueCheckpoint({
      ...{ db, interval, log: SILENT },
      key: () => keys.active(),
      now: Date.now,
    });
    expect(await made).toBe(1);
    ending.abort(new Error("seen enough"));
    expect((await passing)?.problems).toContain("seen enough");
    await folder.remove();
  });
});

describe("after a pass", () => {
  const rest = { sinceBegin: 90, sinceEnd: 50 };
  /** When the last pass began and ended, in seconds before now. */
  const was = (began: number, ended: number | null) =>
    db.query(
      `update ledger.discovery set began_at = clock_timestamp() - make_interval(secs => $1),
                                   ended_at = clock_timestamp() - make_interval(secs => $2)`,
      [began, ended],
    );

  test("that took longer than the time between two, no replica begins another one before a rest", async () => {
    expect(await isPassDue(db, rest)).toBe(true);
    await discover();
    expect(await isPassDue(db, rest)).toBe(false);
    await was(500, 1);
    expect(await isPassDue(db, rest)).toBe(false);
    await was(500, 60);
    expect(await isPassDue(db, rest)).toBe(true);
  });

  test("whose process was killed, the next one begins when it is due", async () => {
    await discover();
    await was(60, 200);
    expect(await isPassDue(db, rest)).toBe(false);
    for (const ended of [null, 300]) {
      await was(100, ended);
      expect(await isPassDue(db, rest)).toBe(true);
    }
  });

  test("its end is on record, also when it was given up", async () => {
    fill(registry, "alpha/app", 50);
    registry.headStatus = 503;
    await discover();
    const { rows } = await db.query("select ended_at >= began_at as ended from ledger.discovery");
    expect(rows).toEqual([{ ended: true }]);
  });
});
