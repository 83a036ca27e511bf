import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { envReader } from "#service-kit/config.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { subscriber } from "#service-kit/db/subscribe.js";
import { connected } from "#tests/support/database-roles.js";
import { eventually } from "#tests/support/eventually.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { readableLog } from "../logins/support/log.js";

const [OLD, NEW] = ["the-old-password-nobody-may-see", "the-new-password-nobody-may-see"];

let postgres: TestPostgres;
let superuser: DatabaseConfig;
let folder: TemporaryFolder;
let file: string;
let role: string;
let roles = 0;

beforeAll(async () => {
  postgres = await startTestPostgres();
});
beforeEach(async () => {
  folder = await temporaryFolder();
  file = join(folder.path, "password");
  superuser = await emptyDatabase(postgres);
  role = `rotating_${process.pid}_${(roles += 1)}`;
  await asSuperuser(`create role ${role} login password '${OLD}'`);
  await writeFile(file, `${OLD}\n`);
});
afterEach(async () => {
  await asSuperuser(`drop role ${role}`);
  await folder.remove();
});
afterAll(() => postgres.stop());

const asSuperuser = (...statements: string[]) =>
  connected(superuser, async (client) => {
    for (const statement of statements) await client.query(statement);
  });

/** As a service reads it from its environment. */
function config(): DatabaseConfig {
  const { host, port, database } = superuser;
  const read = envReader({
    DB_SUBNAME: `//${host}:${port}/${database}`,
    DB_USER: role,
    DB_PASSWORD_FILE: file,
  });
  const made = readDatabaseConfig(read);
  read.throwIfFaulty();
  return made;
}

/** As RDS and Vault do, and what was connected is disconnected. */
const rotate = () =>
  asSuperuser(
    `alter role ${role} password '${NEW}'`,
    `select pg_terminate_backend(pid) from pg_stat_activity where usename = '${role}'`,
  );

describe("a password of the database that is changed in its file", () => {
  test("is used by every connection that is made from then on", async () => {
    const log = readableLog();
    const db = openDatabase(config(), { name: "test", connections: 3 }, log.log);
    const heard: string[] = [];
    const hearing = subscriber(config(), log.log);
    hearing.on("told_in_a_test", (payload) => heard.push(payload));
    await hearing.start();
    await db.query("select 1");
    await rotate();
    await writeFile(file, `${NEW}\n`);
    await eventually("the pool goes on", () => isWell(db), 10_000);
    const exclusive = await runExclusively(config(), "discovery", SILENT, () => Promise.resolve(1));
    expect(exclusive).toEqual({ ran: true, result: 1 });
    await eventually(
      "the subscription goes on",
      async () => {
        db.tell("told_in_a_test", "again");
        await new Promise((resolve) => setImmediate(resolve));
        return heard.includes("again");
      },
      15_000,
    );
    await hearing.stop();
    await db.close();
    expect(log.text()).not.toContain("nobody-may-see");
  });

  test("is not decided on until the file has it, and then used without a restart", async () => {
    const db = openDatabase(config(), { name: "test", connections: 3 }, SILENT);
    await db.query("select 1");
    await rotate();
    await eventually("the connection is gone", async () => !(await isWell(db)), 10_000);
    const failure: unknown = await db.query("select 1").catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: "UNAVAILABLE" });
    await writeFile(file, NEW);
    expect(await isWell(db)).toBe(true);
    await db.close();
  });

  test.each([
    ["is gone", () => rm(file)],
    ["is empty", () => writeFile(file, "")],
    ["holds no password", () => writeFile(file, "two\nlines")],
  ])("goes on as it was while the file %s", async (_what, spoil) => {
    const db = openDatabase(config(), { name: "test", connections: 3 }, SILENT);
    await spoil();
    expect(await isWell(db)).toBe(true);
    await db.close();
  });
});

function isWell(db: ReturnType<typeof openDatabase>): Promise<boolean> {
  return db.query("select 1").then(
    () => true,
    () => false,
  );
}
