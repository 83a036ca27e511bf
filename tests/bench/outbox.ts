import type { Sink } from "#gateway/events/sink.js";
import { pushTag } from "#gateway/ledger/push-tag.js";
import { announcing } from "#gateway/outbox/announcing.js";
import { recordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import { keepingSink, testDispatcher } from "#tests/integration/outbox/support/outbox.js";
import { eventually } from "#tests/support/eventually.js";
import { createLedger } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { pushDeps, tagPush } from "#tests/support/tag-pushes.js";

/** What announcing a push costs it: npm run bench:outbox */
const SECONDS = 4;
const SINKS = [0, 1, 3];
const LOADS = [
  { clients: 1, repositories: 1_000 },
  { clients: 8, repositories: 1_000 },
  { clients: 8, repositories: 1 },
] as const;
type Load = (typeof LOADS)[number];

/** @returns pushes a second, milliseconds that half and 99 of 100 took, and seconds until all were delivered */
async function measure(db: Database, sinks: readonly Sink[], { clients, repositories }: Load) {
  const dispatcher = testDispatcher(db, sinks);
  await dispatcher.start();
  const audit = announcing(recordAudit, sinks, dispatcher.wake);
  const until = performance.now() + SECONDS * 1_000;
  const times: number[] = [];
  let serial = 0;
  const client = async () => {
    while (performance.now() < until) {
      const begin = performance.now();
      const mine = (serial += 1);
      const repository = `team/app-${mine % repositories}`;
      const push = tagPush(`manifest ${mine}`, { repository, tag: `pushed-${mine}` });
      await pushTag({ ...pushDeps(db), audit }, push, {
        send: () => Promise.resolve({ status: 201 }),
        currentDigest: () => Promise.resolve(null),
      });
      times.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const atEnd = performance.now();
  await eventually("all are delivered", () => hasNothingWaiting(db), 120_000);
  const lag = (performance.now() - atEnd) / 1_000;
  await dispatcher.stop();
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { rate: times.length / SECONDS, half: at(0.5), most: at(0.99), lag };
}

async function hasNothingWaiting(db: Database): Promise<boolean> {
  const { rows } = await db.query(
    "select 1 from ledger.outbox where done_position < last_position",
  );
  return rows.length === 0;
}

async function run(postgres: TestPostgres, count: number, load: Load): Promise<void> {
  const ledger = await createLedger(postgres);
  try {
    const sinks = Array.from({ length: count }, (_, i) => keepingSink(`sink-${i}`));
    const { rate, half, most, lag } = await measure(ledger.open({ connections: 20 }), sinks, load);
    const { clients, repositories } = load;
    const what = [clients, repositories, count].map((each) => String(each).padStart(7)).join("");
    const waits = `${half.toFixed(1).padStart(8)} ms${most.toFixed(1).padStart(7)} ms`;
    console.log(`${what}${rate.toFixed(0).padStart(11)}${waits}${lag.toFixed(1).padStart(9)} s`);
  } finally {
    await ledger.close();
  }
}

const postgres = await startTestPostgres();
try {
  console.log("clients  repos  sinks   pushes/s      50 %      99 %   drained");
  for (const load of LOADS) for (const count of SINKS) await run(postgres, count, load);
} finally {
  await postgres.stop();
}
