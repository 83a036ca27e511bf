import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { SYSTEM } from "#audit-log/entry.js";
import { recordAudit } from "#audit-log/record-audit.js";
import { DIST } from "#local/repository-root.js";
import { runProgram } from "#local/processes/run-program.js";
import { migrator } from "#service-kit/db/migrate.js";
import type { DatabaseConfig } from "#service-kit/db/config.js";
import { openDatabase } from "#service-kit/db/pool.js";
import { Secret } from "#service-kit/secret.js";
import {
  connected,
  loginOf,
  migrateSchemas,
  ROLES,
  runRolesScript,
  SCHEMAS,
  SECOND_ROLES,
} from "#tests/support/database-roles.js";
import { eventually } from "#tests/support/eventually.js";
import { emptyDatabase, SILENT } from "#tests/support/ledger.js";
import { startOwnPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";
import { readableLog } from "../logins/support/log.js";

let postgres: TestPostgres;
let superuser: DatabaseConfig;

beforeAll(async () => {
  postgres = await startOwnPostgres();
});
beforeEach(async () => {
  superuser = await emptyDatabase(postgres);
});
afterAll(() => postgres.stop());

describe("a service with a role of its own", () => {
  test("waits until the owner has migrated, says what for, and goes on by itself", async () => {
    await runRolesScript(superuser);
    const log = readableLog();
    const own = SCHEMAS.filter((set) => set.schema !== "token_server");
    const schema = migrator(loginOf(superuser, "wharfinger_gateway"), own, log.log);
    await schema.start();
    expect(schema.unmigrated()).toContain("npm run migrate");
    const [line] = log.linesOf("database.migration-awaited");
    expect(JSON.stringify(line)).toContain("ledger: 000001_tag_ledger");
    await migrateSchemas(loginOf(superuser, "wharfinger_owner"));
    await eventually("the service sees it", () => schema.unmigrated() === null);
    await schema.stop();
    expect(log.linesOf("database.role-too-strong")).toEqual([]);
  });

  test("is told apart from one whose schema lacks the newest migration alone", async () => {
    await runRolesScript(superuser);
    await migrateSchemas(loginOf(superuser, "wharfinger_owner"));
    await connected(superuser, (client) =>
      client.query("delete from audit.migration where name like '000002%'"),
    );
    const log = readableLog();
    const own = SCHEMAS.filter((set) => set.schema !== "token_server");
    const schema = migrator(loginOf(superuser, "wharfinger_gateway"), own, log.log);
    await schema.start();
    const [line] = log.linesOf("database.migration-awaited");
    expect(line).toMatchObject({ pending: ["audit: 000002_append_for_others"] });
    await schema.stop();
  });
});

describe("a service that owns everything", () => {
  test.each([
    ["superuser", () => superuser, "a superuser"],
    ["owner", () => loginOf(superuser, "wharfinger_owner"), "the owner of the tables"],
  ])("as %s works, and says at its start that its role is too strong", async (_, login, is) => {
    await runRolesScript(superuser);
    const log = readableLog();
    const schema = migrator(login(), SCHEMAS, log.log);
    await schema.start();
    expect(schema.unmigrated()).toBeNull();
    const [line] = log.linesOf("database.role-too-strong");
    expect(line).toMatchObject({ level: 40, role: login().user });
    expect(JSON.stringify(line)).toContain(is);
    await schema.stop();
  });
});

test("what a superuser made before there were roles becomes the owner's, and stays append-only", async () => {
  await migrateSchemas(superuser);
  await appendAs(superuser);
  for (let run = 0; run < 2; run += 1) await runRolesScript(superuser);
  await migrateSchemas(loginOf(superuser, "wharfinger_owner"));
  const { rows } = await connected(superuser, (client) =>
    client.query<{ owner: string }>(
      `select distinct pg_get_userbyid(relowner) as owner from pg_class
       join pg_namespace n on n.oid = relnamespace where nspname in ('ledger', 'token_server', 'audit')`,
    ),
  );
  expect(rows).toEqual([{ owner: "wharfinger_owner" }]);
  await appendAs(loginOf(superuser, "wharfinger_token_server"));
  await connected(loginOf(superuser, "wharfinger_owner"), async (client) => {
    await expect(client.query("delete from audit.entry")).rejects.toThrow("permission denied");
  });
  await connected(superuser, async (client) => {
    await expect(client.query("delete from audit.entry")).rejects.toThrow("append-only");
    expect((await client.query("select from audit.entry")).rowCount).toBe(2);
  });
});

test("the script takes from roles what somebody gave them", async () => {
  await runRolesScript(superuser);
  await connected(superuser, async (client) => {
    await client.query("alter role wharfinger_gateway superuser createrole");
    await client.query("grant pg_execute_server_program to wharfinger_token_server");
    await client.query("grant wharfinger_owner to wharfinger_auditor");
    await client.query("grant wharfinger_owner, wharfinger_gateway to wharfinger_token_server_2");
    await client.query("alter role wharfinger_gateway_2 createdb noinherit");
  });
  await runRolesScript(superuser);
  const { rows } = await connected(superuser, (client) =>
    client.query<{ name: string; strong: boolean; roles: string[] }>(
      `select rolname as name, rolsuper or rolcreaterole or rolcreatedb or not rolinherit as strong,
              array(select roleid::regrole::text from pg_auth_members where member = pg_roles.oid) as roles
       from pg_roles where rolname = any ($1)`,
      [[...ROLES, ...SECOND_ROLES]],
    ),
  );
  const all = [
    ...ROLES.map((name) => ({ name, strong: false, roles: [] })),
    { name: "wharfinger_gateway_2", strong: false, roles: ["wharfinger_gateway"] },
    { name: "wharfinger_token_server_2", strong: false, roles: ["wharfinger_token_server"] },
  ];
  expect(rows).toHaveLength(all.length);
  expect(rows).toEqual(expect.arrayContaining(all));
});

test("docker-compose's database service makes the roles, and each password stands where its service finds it", async () => {
  const folder = await temporaryFolder();
  const { host, port, database, user, password } = superuser;
  const file = join(folder.path, "superuser");
  await writeFile(file, password.reveal());
  const args = [join(DIST, "deploy", "compose", "database.js"), folder.path];
  // Of two servers the first is away, the second time.
  for (const [place, secret] of [
    [`${host}:${port}`, { DB_PASSWORD: password.reveal() }],
    [`${host}:1,${host}:${port}`, { DB_PASSWORD_FILE: file }],
  ] as const) {
    const env = { DB_SUBNAME: `//${place}/${database}`, DB_USER: user, ...secret };
    const { ok, output } = await runProgram({ file: process.execPath, args, env });
    expect([ok, output]).toEqual([true, expect.stringContaining("its schemas are up to date")]);
  }
  for (const [role, place] of [
    ["wharfinger_gateway", "database/gateway/password"],
    ["wharfinger_token_server", "database/token-server/password"],
    ["wharfinger_auditor", "database/operator/auditor"],
  ] as const) {
    const secret = new Secret(await readFile(join(folder.path, place), "utf8"));
    const login = { ...superuser, user: role, password: secret };
    const seen = await connected(login, (client) => client.query("select from audit.entry"));
    expect(seen.rowCount).toBe(0);
  }
  await folder.remove();
});

async function appendAs(config: DatabaseConfig): Promise<void> {
  const db = openDatabase(config, { name: "test", connections: 1 }, SILENT);
  const entry = {
    action: "robot.created",
    actor: SYSTEM,
    repository: null,
    tag: null,
    digest: null,
    reason: "",
    detail: {},
  } as const;
  await db.transaction((tx) => recordAudit(tx, entry));
  await db.close();
}
