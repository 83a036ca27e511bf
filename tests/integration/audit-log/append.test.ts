import { describe, expect, test } from "@jest/globals";
import { CHAINS } from "#audit-log/chain.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { entriesAfter } from "#audit-log/sql/entries.js";
import { verifyLedger } from "#audit-log/verify/verify-ledger.js";
import { migrate } from "#service-kit/db/migrate.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { Secret } from "#service-kit/secret.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import { waitUntil } from "#local/processes/wait.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import type { TestPostgres } from "#tests/support/postgres.js";
import { CHAIN, REPOSITORY, useAuditLog, tagEntry, type TestAuditLog } from "./support/audited.js";
import { AUDIT_LOG_MIGRATIONS } from "#tests/support/migrations.js";

/** Of four gateways together. */
const CONNECTIONS = 32;

let postgres: TestPostgres;
let log: TestAuditLog;

useAuditLog((made, on) => {
  [log, postgres] = [made, on];
});

describe("appending to the audit log", () => {
  test("many entries at once from several gateways leaves every chain whole and loses none", async () => {
    const gateways = Array.from({ length: 4 }, () =>
      log.ledger.open({ connections: CONNECTIONS / 4 }),
    );
    const pushes = Array.from({ length: 400 }, (_, index) => index);
    // As many as there are connections: how long one may be waited for is not what is asked here.
    await someAtOnce(pushes, CONNECTIONS, async (index) => {
      const db = gateways[index % gateways.length] ?? log.db;
      await db.transaction((tx) => recordAudit(tx, tagEntry(`team/app-${index % 40}`, `${index}`)));
    });
    const found = await log.verify();
    expect(found.findings).toEqual([]);
    expect(found.entries).toBe(400);
  });

  test("dates an entry behind all that its repository had before, also where the clock was ahead then", async () => {
    await log.append(1);
    await log.append(1, "other/app");
    await log.forge((tx) => tx.query("update audit.entry set at = at + interval '10 hours' where repository = $1", [REPOSITORY])); // prettier-ignore
    await log.append(2);
    await log.append(1, "other/app");
    const { rows } = await log.db.query<{ repository: string; ahead: number; after: number }>(
      `select repository, round(extract(epoch from at - clock_timestamp()) / 3600)::int as ahead,
              coalesce(extract(epoch from at - lag(at) over (partition by repository order by at)) * 1000000, 0)::int as after
       from audit.entry order by repository, at`,
    );
    expect(rows.slice(0, 3)).toEqual([
      { repository: REPOSITORY, ahead: 10, after: 0 },
      { repository: REPOSITORY, ahead: 10, after: 1 },
      { repository: REPOSITORY, ahead: 10, after: 1 },
    ]);
    expect(rows.slice(3).map(({ ahead }) => ahead)).toEqual([0, 0]);
    const { rows: told } = await log.db.query("select from audit.entry where content::jsonb ->> 'at' <> to_char(at at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')"); // prettier-ignore
    // That alone which was forged.
    expect(told).toHaveLength(1);
    const { findings } = await verifyLedger(log.db, () => undefined);
    expect(findings.map(({ problem }) => problem)).toEqual([]);
  });

  test("one after the other of a repository keeps them in its chain", async () => {
    await log.append(5);
    expect(await entriesAfter(log.db, { chain: CHAIN, position: 0 }, 10)).toHaveLength(5);
  });

  test("while its repository's chain is held waits for nobody: it goes to another chain", async () => {
    await log.db.transaction(async (tx) => {
      await recordAudit(tx, tagEntry());
      await log.append(3);
      expect((await log.verify()).entries).toBe(3);
    });
    expect(await log.verify()).toMatchObject({ entries: 4, findings: [] });
  });

  test("while every chain is held waits for one of them", async () => {
    const ends: (() => void)[] = [];
    const holders = Array.from({ length: CHAINS }, () =>
      log.ledger.open({ connections: 1 }).transaction(async (tx) => {
        await recordAudit(tx, tagEntry());
        await new Promise<void>((resolve) => ends.push(resolve));
      }),
    );
    expect(await waitUntil(() => ends.length === CHAINS, { withinMs: 20_000 })).toBe(true);
    const late = log.append(1);
    for (const end of ends) end();
    await Promise.all([...holders, late]);
    expect(await log.verify()).toMatchObject({ entries: CHAINS + 1, findings: [] });
  });

  test("dates entries by the database's clock, in the order in which they were made", async () => {
    await log.append(20, "alpha/app");
    const { rows } = await log.db.query<{ tag: string }>(
      "select content::json ->> 'tag' as tag from audit.entry order by at",
    );
    expect(rows.map(({ tag }) => tag)).toEqual(rows.map((_, index) => `1.${index + 1}`));
  });

  test("verify names the time of the first and of the last, in whichever chains they are", async () => {
    for (const repository of ["alpha/app", "beta/app", "gamma/app"])
      await log.append(2, repository);
    const at = (which: string) =>
      `to_char(${which}(at) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
    const { rows } = await log.db.query<{ from: string; to: string; chains: number }>(
      `select ${at("min")} as from, ${at("max")} as to, count(distinct chain)::int as chains from audit.entry`,
    );
    const { from, to } = await log.verify();
    expect([{ from, to, chains: 3 }]).toEqual(rows);
  });

  test("an entry goes with the change that it is about when that is rolled back", async () => {
    await log.append(1);
    const change = log.db.transaction(async (tx) => {
      await recordAudit(tx, tagEntry());
      throw new Error("the change failed");
    });
    await expect(change).rejects.toThrow("the change failed");
    const found = await log.verify();
    expect(found).toMatchObject({ entries: 1, findings: [] });
  });

  test("the change goes with its entry when that cannot be written", async () => {
    await log.forge((tx) => tx.query("delete from audit.chain_head"));
    await log.db.query("create table public.change (id int)");
    const change = log.db.transaction(async (tx) => {
      await tx.query("insert into public.change values (1)");
      await recordAudit(tx, tagEntry());
    });
    await expect(change).rejects.toThrow("query returned no rows");
    expect((await log.db.query("select id from public.change")).rows).toEqual([]);
  });

  test("takes whatever a client may call itself", async () => {
    const odd = 'Docker/1.0 "\\\u0000\ud800\u001b[31m…\u{1f433}';
    const entry = tagEntry();
    await recordAudit(log.db, { ...entry, actor: { ...entry.actor, userAgent: odd } });
    expect(await log.verify()).toMatchObject({ entries: 1, findings: [] });
  });
});

describe("the audit log is append-only", () => {
  const CHANGES: readonly [string, string][] = [
    ["changing an entry", "update audit.entry set content = '{}'"],
    ["removing an entry", "delete from audit.entry"],
    ["emptying it", "truncate audit.entry"],
    ["changing a checkpoint", "update audit.checkpoint set token = ''"],
    ["removing a checkpoint", "delete from audit.checkpoint"],
    ["emptying the checkpoints", "truncate audit.checkpoint"],
    ["setting a chain back", "update audit.chain_head set position = 0"],
    ["removing a chain's end", "delete from audit.chain_head"],
    ["emptying the chains' ends", "truncate audit.chain_head"],
  ];

  test.each(CHANGES)("%s is refused, even to a superuser", async (_what, sql) => {
    await log.append(2);
    await log.checkpoint();
    await expect(log.db.query(sql)).rejects.toThrow("the audit log is append-only");
    expect(await log.verify()).toMatchObject({ entries: 2, findings: [] });
  });

  test("an owner who is no superuser has the right to add, and to nothing else", async () => {
    const config = await ownedDatabase();
    const db = openDatabase(config, { name: "test", connections: 2 }, SILENT);
    await recordAudit(db, tagEntry());
    const refused = CHANGES.filter(([, sql]) => !sql.includes("update audit.chain_head"));
    for (const [, sql] of refused)
      await expect(db.query(sql)).rejects.toMatchObject({ cause: { code: "42501" } });
    const { rows } = await db.query("select 1 from audit.entry");
    expect(rows).toHaveLength(1);
    await db.close();
  });
});

describe("setting the audit log up", () => {
  test("twice, and by several services at once, changes nothing", async () => {
    await log.append(3);
    const again = () => migrate(log.ledger.config, AUDIT_LOG_MIGRATIONS, SILENT);
    await Promise.all([again(), again(), again()]);
    expect(await log.verify()).toMatchObject({ entries: 3, findings: [] });
  });
});

/** @returns a database with an audit log, both owned by a role without any privilege */
async function ownedDatabase(): Promise<DatabaseConfig> {
  const config = await emptyDatabase(postgres);
  const password = new Secret("service-password");
  await log.db.query("drop role if exists service");
  await log.db.query(`create role service login password '${password.reveal()}'`);
  await log.db.query(`alter database ${config.database} owner to service`);
  const owned = { ...config, user: "service", password };
  await migrate(owned, AUDIT_LOG_MIGRATIONS, SILENT);
  return owned;
}
