import { test } from "@jest/globals";
import { recordAudit } from "#audit-log/record-audit.js";
import { pullMetrics } from "#gateway/pulls/pull-metrics.js";
import { pullRecorder } from "#gateway/pulls/pull-recorder.js";
import type { Database } from "#service-kit/db/pool.js";
import { eventually } from "#tests/support/eventually.js";
import { insertPullDays } from "#tests/support/pulls.js";
import { SILENT } from "#tests/support/silent.js";
import { SOON, useIntervals } from "#tests/support/use-intervals.js";
import { useLedger } from "#tests/support/use-ledger.js";
import { Registry } from "prom-client";

const HOUR = 3_600_000;
const KEEP_DAYS = 7;

let db: Database;
const pass = useIntervals();
useLedger((started) => {
  ({ db } = started);
});

test("what days came to is forgotten by gateways that run on and on, when it is older than it is kept", async () => {
  await insertPullDays(db, [{ ago: KEEP_DAYS - 1 }, { ago: KEEP_DAYS + 3 }]);
  const recorder = pullRecorder({
    ...{ db, audit: recordAudit, log: SILENT, pullMetrics: pullMetrics(new Registry()) },
    ...{ keepDays: KEEP_DAYS, now: Date.now, sinks: [], announced: () => undefined },
  });
  await recorder.start();
  const kept = async () => (await db.query("select from ledger.pull_day")).rowCount;
  await eventually(
    "the older one is forgotten",
    async () => {
      pass(HOUR);
      return (await kept()) === 1;
    },
    SOON,
  );
  await recorder.stop();
});
