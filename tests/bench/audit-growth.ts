import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { makeDueCheckpoint } from "#audit-log/checkpointer.js";
import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { reportOf } from "#audit-log/questions/report.js";
import { quarterIn } from "#audit-log/questions/quarter.js";
import { verifyLog } from "#audit-log/verify/verify-log.js";
import { recordPulls } from "#gateway/pulls/sql/record-pulls.js";
import type { Database } from "#service-kit/db/pool.js";
import { trustedKeys } from "./support/signed-log.js";
import { SILENT, startLedger } from "#tests/support/ledger.js";

/** What the record grows by, and how long it takes to verify: npm run bench:growth */
const MANY = 10_000;
const ENTRIES = 100_000;
const IN_ONE = 100;
const PARTS = 50;

const ALICE = {
  ...SYSTEM,
  uid: "alice",
  realm: "/employees",
  kind: "oauth2",
  address: "10.1.2.3",
  userAgent: "docker/28.5.1 go/go1.25 git-commit/f8215cc kernel/6.12 os/linux arch/amd64",
  requestId: "0a054f2e-6d7c-4b1e-9a55-0f4a5d8c2b11",
};
const digestOf = (serial: number) => `sha256:${serial.toString(16).padStart(64, "0")}`;

async function bytesOf(db: Database, tables: readonly string[]): Promise<number> {
  const { rows } = await db.query<{ bytes: number }>(
    "select sum(pg_total_relation_size(name::regclass))::float8 as bytes from unnest($1::text[]) as name",
    [tables],
  );
  return rows[0]?.bytes ?? 0;
}

async function growth(
  db: Database,
  what: string,
  tables: readonly string[],
  work: () => Promise<void>,
) {
  const before = await bytesOf(db, tables);
  await work();
  const grown = (await bytesOf(db, tables)) - before;
  console.log(`${MANY} ${what}: ${(grown / 1e6).toFixed(1)} MB in ${tables.join(", ")}`);
}

async function append(
  db: Database,
  count: number,
  entryOf: (serial: number) => Partial<AuditEntry>,
) {
  for (let begin = 0; begin < count; begin += IN_ONE)
    await db.transaction(async (tx) => {
      for (let serial = begin; serial < begin + IN_ONE; serial += 1)
        await recordAudit(tx, {
          ...{ action: "tag.pushed", actor: ALICE, repository: `team/app-${serial % 1_000}` },
          ...{ tag: `1.${serial}`, digest: digestOf(serial), reason: "stored by the registry" },
          ...{ detail: { change: "new", push: ALICE.requestId }, ...entryOf(serial) },
        });
    });
}

async function main(): Promise<void> {
  const ledger = await startLedger();
  const db = ledger.open();
  const { keys, anchors, remove } = await trustedKeys();
  try {
    await growth(db, "pushes", ["audit.entry"], () => append(db, MANY, () => ({})));
    await growth(db, "refused pushes of as many tags", ["audit.entry"], () =>
      append(db, MANY, (serial) => ({
        ...{ action: "tag.refused", reason: "tag-held" },
        detail: { rule: "immutable", held: digestOf(serial + 1) },
      })),
    );
    await growth(
      db,
      "pulls by as many callers",
      ["ledger.pull", "ledger.pull_day", "ledger.pull_total"],
      async () => {
        const at = new Date();
        for (let begin = 0; begin < MANY; begin += IN_ONE)
          await db.transaction((tx) =>
            recordPulls(
              tx,
              Array.from({ length: IN_ONE }, (_, index) => ({
                ...{
                  repository: parseRepositoryName(`team/app-${(begin + index) % 1_000}`),
                  tag: "1.0",
                },
                ...{
                  digest: digestOf(begin + index),
                  uid: `user-${begin + index}`,
                  realm: "/employees",
                },
                ...{
                  kind: "oauth2",
                  address: "10.1.2.3",
                  userAgent: ALICE.userAgent,
                  userAgents: [ALICE.userAgent],
                },
                ...{ count: 1, firstAt: at, lastAt: at },
              })),
            ),
          );
      },
    );
    const checkpoint = () =>
      makeDueCheckpoint({
        db,
        log: SILENT,
        key: () => keys.active(),
        interval: { entries: 1, seconds: 1 },
      });
    for (let done = 2 * MANY; done < ENTRIES; done += 1_000) {
      await append(db, 1_000, (serial) => ({ tag: `2.${done + serial}` }));
      await checkpoint();
    }
    await ledgerTags(db);
    const begin = performance.now();
    const found = await verifyLog(db, { anchors, kept: [], progress: () => undefined });
    const seconds = (performance.now() - begin) / 1_000;
    const { entries, checkpoints, rest, findings } = found;
    const tags = rest?.ledger ?? { checked: 0, wrong: 0 };
    console.log(
      `verify: ${entries} entries, ${checkpoints.count} checkpoints, ${tags.checked} tags in ${seconds.toFixed(1)} s; ${findings.length + tags.wrong} findings`,
    );
    await timedReport(db);
  } finally {
    await remove();
    await ledger.stop();
  }
}

/** What the entries say of tags, so that verify has as many to compare; in parts, as no service writes as many at once. */
async function ledgerTags(db: Database): Promise<void> {
  for (let part = 0; part < PARTS; part += 1)
    await db.query(
      `insert into ledger.tag (repository, name, digest, pushed_by, pushed_at)
       select distinct on (repository, content::json ->> 'tag') repository, content::json ->> 'tag',
              content::json ->> 'digest', 'alice', at
       from audit.entry where action = 'tag.pushed' and abs(hashtext(repository)) % $2 = $1
       order by repository, content::json ->> 'tag', at desc`,
      [part, PARTS],
    );
}

async function timedReport(db: Database): Promise<void> {
  const now = new Date();
  const quarter = quarterIn(`${now.getUTCFullYear()}Q${Math.floor(now.getUTCMonth() / 3) + 1}`);
  if (quarter === null) return;
  const begin = performance.now();
  const { entries } = await reportOf(db, quarter, { now, verified: null });
  console.log(
    `report: ${entries} entries in ${((performance.now() - begin) / 1_000).toFixed(1)} s`,
  );
}

await main();
