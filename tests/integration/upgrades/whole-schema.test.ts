import { cp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { migrate, migrator, type MigrationSet } from "#service-kit/db/migrate.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { wholeDatabase } from "#service-kit/db/whole-database.js";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { loginOf, migrateSchemas, runRolesScript, SCHEMAS } from "#tests/support/database-roles.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway } from "#tests/support/gateway.js";
import { ask, errorOf } from "#tests/support/http-client.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { imageText, IMAGE_TYPE } from "#tests/support/manifest-texts.js";
import { migratedDatabase } from "#tests/support/migrated-database.js";
import { AUDIT_LOG_MIGRATIONS, LEDGER_MIGRATIONS } from "#tests/support/migrations.js";
import { startOwnPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { startTokenAuthority } from "#tests/support/token-authority.js";
import { replyWith, startUpstream } from "#tests/support/upstream-double.js";

/** A migration of a version that is not there yet. */
const LATER = "999999_later";

let postgres: TestPostgres;
let folder: TemporaryFolder;
let config: DatabaseConfig;

beforeAll(async () => {
  // Roles are the server's.
  postgres = await startOwnPostgres();
});
beforeEach(async () => {
  folder = await temporaryFolder();
  config = await migratedDatabase(postgres, SCHEMAS);
  return () => folder.remove();
});
afterAll(() => postgres.stop());

/** @returns the audit log's migrations as another version has them */
async function otherVersion(files: Readonly<Record<string, string>>): Promise<MigrationSet> {
  const directory = join(folder.path, "sql");
  await cp(AUDIT_LOG_MIGRATIONS.directory, directory, { recursive: true });
  for (const [name, sql] of Object.entries(files)) await writeFile(join(directory, `${name}.sql`), sql); // prettier-ignore
  return { ...AUDIT_LOG_MIGRATIONS, directory };
}

async function withDatabase<T>(work: (db: Database) => Promise<T>, login = config): Promise<T> {
  const db = openDatabase(login, { name: "test", connections: 2 }, SILENT);
  return work(db).finally(() => db.close());
}

/** @returns why a service with these migrations does not use the database; `null`: it does */
async function refusalOf(sets: readonly MigrationSet[], login = config): Promise<string | null> {
  return withDatabase(async (pool) => {
    const { db } = wholeDatabase(pool, sets, SILENT);
    return db.query("select").then(() => null, (error: unknown) => (error as Error).message); // prettier-ignore
  }, login);
}

const everything = (sql: string) => withDatabase((db) => db.query(sql));

describe("a migration that was edited after it was applied", () => {
  test("is refused by its name: by whoever migrates, and by whoever serves", async () => {
    const applied = await readFile(join(AUDIT_LOG_MIGRATIONS.directory, "000001_audit_log.sql"), "utf8"); // prettier-ignore
    const edited = await otherVersion({ "000001_audit_log": `${applied}-- edited\n` });
    const named = /000001_audit_log of schema audit was applied in another form/;
    await expect(migrate(config, edited, SILENT)).rejects.toThrow(named);
    expect(await refusalOf([edited])).toMatch(named);
    const schema = migrator(config, [edited], SILENT);
    await schema.start();
    await schema.stop();
    expect(schema.unmigrated()).toMatch(named);
  });
});

describe("a version on the schema of a later one", () => {
  const table = "create table audit.later (id int)";

  test("works, and leaves the later one's tables and rights alone", async () => {
    await runRolesScript(config);
    const later = await otherVersion({ [LATER]: table });
    const rights = { ...later.rights, tables: { ...later.rights?.tables, later: { gateway: ["select"] } } }; // prettier-ignore
    await migrate(config, { ...later, rights } as MigrationSet, SILENT);
    await migrate(config, AUDIT_LOG_MIGRATIONS, SILENT);
    expect(await refusalOf([AUDIT_LOG_MIGRATIONS])).toBeNull();
    const gateway = loginOf(config, "wharfinger_gateway");
    await withDatabase((db) => db.query("select from audit.later"), gateway);
    await withDatabase((db) => db.query("select from audit.entry"), gateway);
  });

  test("is refused by name when that says that it cannot", async () => {
    const later = await otherVersion({ [LATER]: `-- needs: ${LATER}\n${table}` });
    await migrate(config, later, SILENT);
    expect(await refusalOf([later])).toBeNull();
    const named = /schema audit has been migrated to a version \(999999_later\) that this one cannot work with/; // prettier-ignore
    expect(await refusalOf([AUDIT_LOG_MIGRATIONS])).toMatch(named);
    await expect(migrate(config, AUDIT_LOG_MIGRATIONS, SILENT)).rejects.toThrow(named);
  });

  test("the other way round waits for the migration", async () => {
    const later = await otherVersion({ [LATER]: table });
    expect(await refusalOf([later])).toMatch(/schema audit lacks migration 999999_later/);
    await migrate(config, later, SILENT);
    expect(await refusalOf([later])).toBeNull();
  });
});

describe("a schema that is being restored", () => {
  const empty = "refresh materialized view ledger.whole with no data";

  test("is not used until its mark is filled, which is last, and that is said once", async () => {
    await withDatabase(async (pool) => {
      const log = readableLog();
      const whole = wholeDatabase(pool, [LEDGER_MIGRATIONS, AUDIT_LOG_MIGRATIONS], log.log);
      await whole.watch.start();
      await whole.db.query("select from ledger.tag");
      expect(whole.hindrance()).toBeNull();
      await everything(empty);
      await eventually("the watch sees it", () => whole.hindrance() !== null);
      await expect(whole.db.query("select from ledger.tag")).rejects.toMatchObject({
        code: "UNAVAILABLE",
        message: expect.stringContaining("schema ledger is not whole: is it being restored?") as unknown,
      }); // prettier-ignore
      await expect(whole.db.transaction(() => Promise.resolve())).rejects.toThrow("not whole");
      await everything("refresh materialized view ledger.whole");
      await eventually("the watch sees it", () => whole.hindrance() === null);
      await whole.db.query("select from ledger.tag");
      await whole.watch.stop();
      expect(log.linesOf("database.not-whole")).toHaveLength(1);
      expect(log.linesOf("database.whole")).toHaveLength(1);
    });
  });

  test("is not migrated, which would call it whole", async () => {
    await everything(empty);
    await expect(migrateSchemas(config)).rejects.toThrow("schema ledger is not whole");
    expect(await refusalOf(SCHEMAS)).toContain("schema ledger is not whole");
  });

  test("is none yet, or has no mark: neither is used", async () => {
    expect(await refusalOf(SCHEMAS, await emptyDatabase(postgres))).toMatch(/no schema ledger/);
    await everything("drop materialized view audit.whole");
    expect(await refusalOf(SCHEMAS)).toMatch(/schema audit has no mark that it is whole/);
    await migrateSchemas(config);
    expect(await refusalOf(SCHEMAS)).toBeNull();
  });

  test("keeps a gateway from being ready, and pushes and pulls of tags are not decided by it", async () => {
    const [upstream, authority] = [await startUpstream(), await startTokenAuthority()];
    const pool = openDatabase(config, { name: "gateway", connections: 4 }, SILENT);
    const whole = wholeDatabase(pool, [LEDGER_MIGRATIONS, AUDIT_LOG_MIGRATIONS], SILENT);
    await whole.watch.start();
    const addresses = { registryUrl: upstream.url, tokenServerUrl: authority.server.url };
    const gateway = await startGateway({ ...addresses, db: whole.db });
    upstream.answerWith(replyWith(404));
    const headers = { Authorization: await authority.bearer(["pull", "push"]) };
    const tag = "/v2/alpha/app/manifests/1.0";
    const database = async () => {
      const { body } = await ask(gateway.url, "/ready");
      const { checks, reasons } = JSON.parse(body.toString()) as Readonly<Record<"checks" | "reasons", Record<string, string>>>; // prettier-ignore
      return checks["database"] === "ok" ? "ok" : reasons["database"];
    };
    expect(await database()).toBe("ok");
    expect((await ask(gateway.url, tag, { headers })).status).toBe(404);
    await everything(empty);
    await eventually("/ready tells", async () => (await database()) !== "ok");
    expect(await database()).toContain("schema ledger is not whole: is it being restored?");
    const push = await ask(gateway.url, tag, {
      method: "PUT",
      headers: { ...headers, "Content-Type": IMAGE_TYPE },
      body: imageText(),
    });
    expect([push.status, errorOf(push).message]).toEqual([503, expect.stringContaining("not whole")]); // prettier-ignore
    await gateway.stop();
    await whole.watch.stop();
    await pool.close();
    await upstream.stop();
    await authority.server.stop();
  });
});

test("what a role of a service sees is enough to know whether a schema is whole", async () => {
  await runRolesScript(config);
  await migrateSchemas(config);
  const ledger = [LEDGER_MIGRATIONS, AUDIT_LOG_MIGRATIONS];
  expect(await refusalOf(ledger, loginOf(config, "wharfinger_gateway"))).toBeNull();
});
