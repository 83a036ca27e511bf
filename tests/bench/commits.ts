import { openDatabase, type Database, type Transaction } from "#service-kit/db/pool.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { startOwnPostgres } from "#tests/support/postgres.js";

/** What it costs commits to tell others of them, on disks of two kinds: npm run bench:commits */
const SECONDS = 1;
const ROUNDS = 3;
const CONCURRENCY = [1, 16, 48];
const FLUSH_MILLISECONDS = [0, 5];

const change = (tx: Transaction, serial: number) =>
  tx.query("insert into public.change (serial, content) values ($1, $2)", [
    serial,
    "x".repeat(300),
  ]);

/** What is done in one transaction. */
const CASES: Readonly<Record<string, (tx: Transaction, serial: number) => Promise<unknown>>> = {
  "nobody is told": change,
  "NOTIFY in the transaction": async (tx, serial) => {
    await change(tx, serial);
    await tx.query("select pg_notify('bench', $1)", [String(serial)]);
  },
  "told after the commit": async (tx, serial) => {
    await change(tx, serial);
    tx.tell("bench", String(serial));
  },
};

/** @returns commits a second */
async function measure(db: Database, clients: number, work: (typeof CASES)[string]) {
  const until = performance.now() + SECONDS * 1_000;
  let serial = 0;
  const client = async () => {
    while (performance.now() < until) {
      const mine = (serial += 1);
      await db.transaction((tx) => work(tx, mine));
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  return serial / SECONDS;
}

async function compare(flushMilliseconds: number): Promise<void> {
  // The server waits this long before each flush, as for a disk on the network.
  const settings = { commit_delay: String(flushMilliseconds * 1_000), commit_siblings: "0" };
  const postgres = await startOwnPostgres(settings);
  const config = await emptyDatabase(postgres);
  const db = openDatabase(config, { name: "bench", connections: Math.max(...CONCURRENCY) }, SILENT);
  await db.query("create table public.change (serial bigint, content text)");
  for (const clients of CONCURRENCY) {
    const best = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round += 1)
      for (const [name, work] of Object.entries(CASES))
        best.set(name, Math.max(best.get(name) ?? 0, await measure(db, clients, work)));
    const alone = Math.max(1, best.get("nobody is told") ?? 0);
    for (const [name, rate] of best)
      console.log(
        [
          `${flushMilliseconds} ms`.padStart(6),
          String(clients).padStart(9),
          `  ${name}`.padEnd(30),
          rate.toFixed(0).padStart(9),
          (rate / alone).toFixed(2).padStart(7),
        ].join(""),
      );
  }
  await db.close();
  await postgres.stop();
}

console.log(`${"flush".padStart(6)}${"clients".padStart(9)}${"".padEnd(30)}commits/s  ratio`);
for (const milliseconds of FLUSH_MILLISECONDS) await compare(milliseconds);
