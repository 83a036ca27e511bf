import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { Secret } from "#service-kit/secret.js";
import { waitUntil } from "#local/processes/wait.js";
import { migrate, migrator } from "#service-kit/db/migrate.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { eventually } from "#tests/support/eventually.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { startRelay } from "#tests/support/tcp-relay.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { LEDGER_MIGRATIONS } from "#tests/support/migrations.js";

let postgres: TestPostgres;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

describe("migrations", () => {
  test("make the ledger in an empty database", async () => {
    const config = await emptyDatabase(postgres);
    await migrate(config, LEDGER_MIGRATIONS, SILENT);
    expect(await tablesOf(config)).toEqual(
      expect.arrayContaining(["manifest", "migration", "tag"]),
    );
  });

  test("run a second time change nothing and keep the data", async () => {
    const config = await emptyDatabase(postgres);
    await migrate(config, LEDGER_MIGRATIONS, SILENT);
    const insert = `insert into ledger.manifest (repository, digest, media_type, content)
                    values ('alpha/app', 'sha256:x', 'text/plain', 'x')`;
    await withDatabase(config, (db) => db.query(insert));
    const before = await appliedOf(config);
    await migrate(config, LEDGER_MIGRATIONS, SILENT);
    expect(await appliedOf(config)).toEqual(before);
    const { rows } = await withDatabase(config, (db) =>
      db.query("select digest from ledger.manifest"),
    );
    expect(rows).toEqual([{ digest: "sha256:x" }]);
  });

  test("are given up on a server that has stopped answering, not on one that takes long", async () => {
    const config = await emptyDatabase(postgres);
    const relay = await startRelay(postgres.login.port);
    const folder = await temporaryFolder();
    const trial = { schema: "trial", directory: folder.path };
    const patience = { silence: 100, answer: 5_000, again: 20 };
    const behind = { ...config, port: relay.port };
    await writeFile(join(folder.path, "000001_long.sql"), "select pg_sleep(0.5);");
    await migrate(behind, trial, SILENT, patience);
    await writeFile(join(folder.path, "000002_longer.sql"), "select pg_sleep(3600);");
    const migrating = migrate(behind, trial, SILENT, { ...patience, answer: 200 });
    const refused = expect(migrating).rejects.toThrow(/connection/i);
    await eventually("it is at it", async () => (await sleepersOf(config)).length === 1);
    relay.hold();
    await refused;
    await relay.cut();
    await folder.remove();
  });

  test("of ten installers that start at once are applied once, and all ten go on", async () => {
    const config = await emptyDatabase(postgres);
    const installers = Array.from({ length: 10 }, () => migrate(config, LEDGER_MIGRATIONS, SILENT));
    await expect(Promise.all(installers)).resolves.toHaveLength(10);
    const applied = await appliedOf(config);
    expect(new Set(applied).size).toBe(applied.length);
    expect(applied.length).toBeGreaterThan(0);
  });

  test("that fail leave nothing of theirs, and work once they are corrected", async () => {
    const config = await emptyDatabase(postgres);
    const folder = await temporaryFolder();
    const file = join(folder.path, "000001_broken.sql");
    const migrations = { schema: "trial", directory: folder.path };
    await writeFile(
      file,
      "create table trial.first (id int);\ncreate table nonsense.second (id int);",
    );
    await expect(migrate(config, migrations, SILENT)).rejects.toThrow("nonsense");
    expect(await tablesOf(config, "trial")).not.toContain("first");
    await writeFile(file, "create table trial.first (id int);");
    await migrate(config, migrations, SILENT);
    expect(await tablesOf(config, "trial")).toContain("first");
    await folder.remove();
  });

  test("give way while a table is in use, so that those who serve from it go on, and are applied later", async () => {
    const config = await emptyDatabase(postgres);
    const folder = await temporaryFolder();
    const migrations = { schema: "trial", directory: folder.path };
    await writeFile(join(folder.path, "000001_first.sql"), "create table trial.first (id int);");
    await migrate(config, migrations, SILENT);
    await writeFile(join(folder.path, "000002_more.sql"), "alter table trial.first add more int;");
    await withDatabase(config, (db) =>
      db.transaction(async (tx) => {
        await tx.query("select from trial.first");
        await expect(migrate(config, migrations, SILENT)).rejects.toThrow("lock timeout");
        await withDatabase(config, (other) => other.query("insert into trial.first values (1)"));
      }),
    );
    await migrate(config, migrations, SILENT);
    const { rows } = await withDatabase(config, (db) => db.query("select more from trial.first"));
    expect(rows).toEqual([{ more: null }]);
    await folder.remove();
  });

  test("need no right to make schemas where they stand, neither when all is done nor when something is left", async () => {
    const config = await emptyDatabase(postgres);
    const folder = await temporaryFolder();
    const trial = { schema: "trial", directory: folder.path };
    await writeFile(join(folder.path, "000001_first.sql"), "create table trial.first (id int);");
    const user = `owner_${config.database}`;
    const owner = { ...config, user, password: new Secret(user) };
    const sql = [
      `create role ${user} login password '${user}'`,
      `create schema trial authorization ${user}`,
      `revoke create on database ${config.database} from public`,
    ];
    for (const statement of sql) await withDatabase(config, (db) => db.query(statement));
    for (let start = 1; start <= 2; start += 1) {
      const schema = migrator(owner, [trial], SILENT);
      await schema.start();
      await schema.stop();
      expect(schema.unmigrated()).toBeNull();
    }
    await writeFile(join(folder.path, "000002_more.sql"), "create table trial.second (id int);");
    await migrate(owner, trial, SILENT);
    expect(await tablesOf(config, "trial")).toEqual(expect.arrayContaining(["first", "second"]));
    await folder.remove();
  });

  test("that fail for as long as a database is away are told of once, not each second", async () => {
    const config = await emptyDatabase(postgres);
    const relay = await startRelay(postgres.login.port);
    await relay.cut();
    const { log, ...logged } = readableLog();
    let attempts = 0;
    const counted = { ...config, get port() { attempts += 1; return relay.port; } }; // prettier-ignore
    const schema = migrator(counted, [LEDGER_MIGRATIONS], log);
    await schema.start();
    await waitUntil(() => attempts >= 3, { withinMs: 30_000 });
    expect(logged.linesOf("database.migration-failed")).toHaveLength(1);
    await relay.mend();
    await waitUntil(() => schema.unmigrated() === null, { withinMs: 30_000 });
    await schema.stop();
    await relay.cut();
  });

  test("wait for a database that comes up late, and the service starts meanwhile", async () => {
    const config = await emptyDatabase(postgres);
    const relay = await startRelay(postgres.login.port);
    await relay.cut();
    const schema = migrator({ ...config, port: relay.port }, [LEDGER_MIGRATIONS], SILENT);
    await schema.start();
    expect(schema.unmigrated()).toBe("the schema is not up to date yet");
    await relay.mend();
    expect(await waitUntil(() => schema.unmigrated() === null, { withinMs: 30_000 })).toBe(true);
    expect(await tablesOf(config)).toContain("tag");
    await schema.stop();
    await relay.cut();
  });
});

async function withDatabase<T>(
  config: DatabaseConfig,
  work: (db: Database) => Promise<T>,
): Promise<T> {
  const db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
  try {
    return await work(db);
  } finally {
    await db.close();
  }
}

async function sleepersOf(config: DatabaseConfig): Promise<unknown[]> {
  const sql = "select from pg_stat_activity where datname = $1 and wait_event = 'PgSleep'";
  const { rows } = await withDatabase(config, (db) => db.query(sql, [config.database]));
  return rows;
}

async function tablesOf(config: DatabaseConfig, schema = "ledger"): Promise<string[]> {
  const { rows } = await withDatabase(config, (db) =>
    db.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = $1",
      [schema],
    ),
  );
  return rows.map(({ name }) => name);
}

async function appliedOf(config: DatabaseConfig): Promise<string[]> {
  const { rows } = await withDatabase(config, (db) =>
    db.query<{ name: string }>("select name from ledger.migration order by id"),
  );
  return rows.map(({ name }) => name);
}
