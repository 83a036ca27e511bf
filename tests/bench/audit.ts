import { recordAudit } from "#audit-log/record-audit.js";
import { SYSTEM } from "#audit-log/entry.js";
import { migrate } from "#service-kit/db/migrate.js";
import { openDatabase, type Database, type Queryable } from "#service-kit/db/pool.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { startTestPostgres } from "#tests/support/postgres.js";
import { AUDIT_LOG_MIGRATIONS } from "#tests/support/migrations.js";

/** What an entry in the audit log costs a commit: npm run bench:audit */
const SECONDS = 2;
const CONCURRENCY = [1, 8, 32];
const REPOSITORIES = 1_000;

/** @returns a push's entry */
function entry(repository: string) {
  const actor = { ...SYSTEM, uid: "alice", realm: "/employees", kind: "oauth2" };
  const digest = `sha256:${"0".repeat(64)}`;
  const what = { action: "tag.pushed", actor, repository, tag: "1.0", digest } as const;
  return { ...what, reason: "tag-free", detail: { change: "new" } };
}

const change = (tx: Queryable, serial: number) =>
  tx.query("insert into public.change (serial, content) values ($1, $2)", [
    serial,
    "x".repeat(300),
  ]);

/** What is done in one transaction. */
const CASES: Readonly<Record<string, (tx: Queryable, serial: number) => Promise<unknown>>> = {
  "change alone": change,
  "change and another row": async (tx, serial) => {
    await change(tx, serial);
    await change(tx, serial);
  },
  "change and its entry": async (tx, serial) => {
    await change(tx, serial);
    await recordAudit(tx, entry(`team/app-${serial % REPOSITORIES}`));
  },
  "the same, one repository": async (tx, serial) => {
    await change(tx, serial);
    await recordAudit(tx, entry("team/app"));
  },
  "the same, were there one chain": async (tx, serial) => {
    await change(tx, serial);
    const json = JSON.stringify(entry(`team/app-${serial % REPOSITORIES}`));
    await tx.query("select public.append_to_one_chain($1)", [json]);
  },
  "change and NOTIFY": async (tx, serial) => {
    await change(tx, serial);
    await tx.query("select pg_notify('bench', $1)", [String(serial)]);
  },
};

/** What audit.append would be without other chains to go to. */
const ONE_CHAIN = `
  create function public.append_to_one_chain(content text) returns void language plpgsql as $$
  declare
    head audit.chain_head;
  begin
    update audit.chain_head
      set position = position + 1, previous_hash = hash,
          hash = sha256(hash || convert_to(content, 'UTF8'))
      where chain = 0 returning * into strict head;
    insert into audit.entry
      (chain, position, at, action, repository, content, previous_hash, hash)
      values (0, head.position, clock_timestamp(), 'tag.pushed', 'team/app', content,
              head.previous_hash, head.hash);
  end $$`;

/** @returns commits a second, and milliseconds that half and 99 of 100 took */
async function measure(db: Database, clients: number, work: (typeof CASES)[string]) {
  const until = performance.now() + SECONDS * 1_000;
  const times: number[] = [];
  let serial = 0;
  const client = async () => {
    while (performance.now() < until) {
      const begin = performance.now();
      const mine = (serial += 1);
      await db.transaction((tx) => work(tx, mine));
      times.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.floor(times.length * share)] ?? 0;
  return { rate: times.length / SECONDS, half: at(0.5), most: at(0.99) };
}

async function main(): Promise<void> {
  const postgres = await startTestPostgres();
  try {
    const config = await emptyDatabase(postgres);
    await migrate(config, AUDIT_LOG_MIGRATIONS, SILENT);
    const db = openDatabase(config, { name: "bench", connections: 32 }, SILENT);
    await db.query("create table public.change (serial bigint, content text)");
    await db.query(ONE_CHAIN);
    console.log(`${"clients".padEnd(38)}commits/s  ratio   50 %     99 %`);
    for (const clients of CONCURRENCY) {
      let alone = 0;
      for (const [name, work] of Object.entries(CASES)) {
        const { rate, half, most } = await measure(db, clients, work);
        if (alone === 0) alone = rate;
        const figures = [rate.toFixed(0).padStart(7), (rate / alone).toFixed(2).padStart(8)];
        const waits = `${half.toFixed(1).padStart(6)} ms${most.toFixed(1).padStart(6)} ms`;
        console.log(
          `${String(clients).padStart(3)}  ${name.padEnd(33)}${figures.join("")}${waits}`,
        );
      }
    }
    await db.close();
  } finally {
    await postgres.stop();
  }
}

await main();
