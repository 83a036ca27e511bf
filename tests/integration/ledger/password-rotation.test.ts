import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { runProgram } from "#local/processes/run-program.js";
import { DIST } from "#local/repository-root.js";
import { envReader } from "#service-kit/config.js";
import { runExclusively } from "#service-kit/db/exclusive.js";
import { readDatabaseConfig, type DatabaseConfig } from "#service-kit/db/config.js";
import { migrate, migrator } from "#service-kit/db/migrate.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { subscriber } from "#service-kit/db/subscribe.js";
import { connected } from "#tests/support/database-roles.js";
import { eventually } from "#tests/support/eventually.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { AUDIT_LOG_MIGRATIONS, TOKEN_SERVER_MIGRATIONS } from "#tests/support/migrations.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { startTokenServerProcess } from "#tests/support/token-server-process.js";
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

  test("is used by migrations that go on trying with what was configured before", async () => {
    await asSuperuser(`grant create on database ${superuser.database} to ${role}`);
    const before = config();
    await rotate();
    const schema = migrator(before, [AUDIT_LOG_MIGRATIONS], SILENT);
    await schema.start();
    expect(schema.unmigrated()).toBe("the schema is not up to date yet");
    await writeFile(file, NEW);
    await eventually("it has migrated", () => schema.unmigrated() === null, 30_000);
    await schema.stop();
    await asSuperuser("drop schema audit cascade", `drop owned by ${role}`);
  });

  test("is used by a token server that runs, and by a command that is started", async () => {
    await migrate(superuser, TOKEN_SERVER_MIGRATIONS, SILENT);
    await migrate(superuser, AUDIT_LOG_MIGRATIONS, SILENT);
    await asSuperuser(
      ...["token_server", "audit"].map((schema) => `grant all on schema ${schema} to ${role}`),
      ...["token_server", "audit"].map(
        (schema) => `grant all on all tables in schema ${schema} to ${role}`,
      ),
    );
    const { host, port, database } = superuser;
    const env = {
      DB_SUBNAME: `//${host}:${port}/${database}`,
      DB_USER: role,
      DB_PASSWORD_FILE: file,
      KEYS_DIR: join(folder.path, "keys"),
      HTTP_ALLOW_PUBLIC_READ: "true",
    };
    const server = await startTokenServerProcess(env);
    if (!server.started) throw new Error(server.output);
    const isReady = async () => (await fetch(`${server.url}/ready`)).ok;
    await eventually("it is ready", isReady, 30_000);
    await rotate();
    await eventually("it is not", async () => !(await isReady()), 30_000);
    await writeFile(file, NEW);
    await eventually("it is ready again", isReady, 30_000);
    await server.stop();
    expect(server.output()).not.toContain("nobody-may-see");
    const program = join(DIST, "audit-log", "src", "commands", "main.js");
    const command = {
      file: process.execPath,
      args: [program, "list", "--json"],
      env: { ...process.env, ...env },
    };
    expect(await runProgram(command)).toMatchObject({ ok: true });
    await asSuperuser(`drop owned by ${role}`);
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
