import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import {
  givePrivilege,
  removeApp,
  removeUser,
  setApp,
  setUser,
  takePrivilege,
} from "#token-server/directory/change-sql.js";
import {
  deleteService,
  findService,
  insertService,
  readService,
  rotateService,
  touchService,
} from "#token-server/directory/service-sql.js";
import type { Database } from "#service-kit/db/pool.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
let db: Database;
beforeAll(async () => {
  server = await startTestTokenServer();
  ({ db } = server);
});
afterAll(() => server.stop());

async function rowsOf(table: string, row: string, where = "true"): Promise<string[]> {
  const { rows } = await db.query<{ row: string }>(
    `select ${row} as row from token_server.${table} where ${where} order by 1`,
  );
  return rows.map((found) => found.row);
}

describe("of services that are alike", () => {
  const NAMES = ["pod", "node"];
  beforeEach(async () => {
    await db.query("delete from token_server.directory_service");
    for (const name of NAMES)
      await insertService(db, {
        ...{ name, app: "shop", workload: null, secretHash: `${name}'s`, createdBy: "alice" },
      });
  });
  const services = (where: string) => rowsOf("directory_service", "name", where);
  const rotate = (overlapHours: number) =>
    rotateService(db, { name: "pod", secretHash: "new", overlapHours });

  test("one is found, read, and none of a name that nobody has", async () => {
    for (const name of NAMES) {
      expect(await findService(db, name)).toMatchObject({ secretHash: `${name}'s` });
      expect(await readService(db, name)).toMatchObject({ name });
    }
    expect([await findService(db, "web"), await readService(db, "web")]).toEqual([null, null]);
  });

  test("one gets a new secret, beside the one of before as long as that is good", async () => {
    expect(await rotate(1)).toMatchObject({ name: "pod" });
    expect(await services("secret_hash = 'new'")).toEqual(["pod"]);
    const found = () => findService(db, "pod");
    expect(await found()).toEqual({ secretHash: "new", previousHash: "pod's" });
    await db.query("update token_server.directory_service set previous_ends_at = now()");
    expect(await found()).toEqual({ secretHash: "new", previousHash: null });
    await rotate(0);
    expect(await services("previous_secret_hash is not null")).toEqual([]);
  });

  test("one is noted as used, once a minute", async () => {
    await touchService(db, "pod");
    expect(await services("last_used_at is not null")).toEqual(["pod"]);
    const used = (seconds: number) =>
      db.query(
        "update token_server.directory_service set last_used_at = now() - $1 * interval '1 second'",
        [seconds],
      );
    const recent = () => services("last_used_at > now() - interval '20 seconds'");
    await used(40);
    await touchService(db, "pod");
    expect(await recent()).toEqual([]);
    await used(70);
    await touchService(db, "pod");
    expect(await recent()).toEqual(["pod"]);
  });

  test("one is deleted, once", async () => {
    expect(await deleteService(db, "pod")).toMatchObject({ name: "pod" });
    expect(await deleteService(db, "pod")).toBeNull();
    expect(await services("true")).toEqual(["node"]);
  });
});

test("of users one of a name is in the directory, and leaves it by their realm", async () => {
  const user = { realm: "/employees", uid: "sql-alice", primaryTeam: "alpha" };
  const other = { ...user, uid: "sql-bob" };
  const stranger = { ...user, realm: "/customers", primaryTeam: "beta" };
  const users = () =>
    rowsOf("directory_user", "realm || '/' || uid || ' ' || primary_team", "uid like 'sql-%'");
  for (const one of [user, other]) expect(await setUser(db, one)).toBe(true);
  expect([await setUser(db, stranger), await removeUser(db, stranger)]).toEqual([false, false]);
  expect(await users()).toEqual(["/employees/sql-alice alpha", "/employees/sql-bob alpha"]);
  expect(await setUser(db, { ...user, primaryTeam: "beta" })).toBe(true);
  expect(await users()).toEqual(["/employees/sql-alice beta", "/employees/sql-bob alpha"]);
  expect([await removeUser(db, user), await removeUser(db, user)]).toEqual([true, false]);
  expect(await users()).toEqual(["/employees/sql-bob alpha"]);
});

test("of privileges one is taken from one holder, once", async () => {
  const pairs = ["Pusher", "Puller"].flatMap((privilege) =>
    ["sql-alpha", "sql-beta"].map((holder) => ({ privilege, holder })),
  );
  for (const pair of pairs) await givePrivilege(db, pair);
  const pusher = { privilege: "Pusher", holder: "sql-alpha" };
  expect([await takePrivilege(db, pusher), await takePrivilege(db, pusher)]).toEqual([true, false]);
  expect(
    await rowsOf("directory_privilege", "privilege || ' ' || holder", "holder like 'sql-%'"),
  ).toEqual(["Puller sql-alpha", "Puller sql-beta", "Pusher sql-beta"]);
});

test("of applications one is removed, once", async () => {
  for (const code of ["sql-shop", "sql-vault"])
    await setApp(db, { code, responsibles: ["alpha"], publications: [] });
  expect([await removeApp(db, "sql-shop"), await removeApp(db, "sql-shop")]).toEqual([true, false]);
  expect(await rowsOf("directory_app", "code", "code like 'sql-%'")).toEqual(["sql-vault"]);
});
