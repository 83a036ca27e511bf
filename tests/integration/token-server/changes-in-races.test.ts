import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import type { Database } from "#service-kit/db/pool.js";
import { givePrivilege } from "#token-server/directory/change-sql.js";
import { storedDirectory } from "#token-server/directory/stored-directory.js";
import {
  endService,
  makeService,
  renewServiceSecret,
} from "#token-server/directory/manage-services.js";
import { insertService } from "#token-server/directory/service-sql.js";
import {
  changeRegistry,
  deleteRegistry,
  type RegistryDeps,
} from "#token-server/registries/manage-registries.js";
import { registeringReader } from "#token-server/registries/register-own.js";
import { insertRegistry, listRegistries } from "#token-server/registries/sql.js";
import { SILENT } from "#tests/support/silent.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
let db: Database;
let entries: AuditEntry[];
beforeAll(async () => {
  server = await startTestTokenServer();
  ({ db } = server);
});
beforeEach(() => {
  entries = [];
});
afterAll(() => server.stop());

const audit = (_tx: unknown, entry: AuditEntry) => {
  entries.push(entry);
  return Promise.resolve();
};
/** The same database, in which something happens between what is read and the transaction that changes it. */
const meanwhile = (happening: string): Database => ({
  ...db,
  query: (...asked: Parameters<Database["query"]>) => db.query(...asked) as never,
  transaction: async (...asked: Parameters<Database["transaction"]>) => {
    await db.query(happening);
    return db.transaction(...asked) as never;
  },
});

describe("a service of the directory", () => {
  const app = { code: "shop" };
  const service = { name: "pod", app: "shop", workload: null };
  const listed = { services: [{ ...service, name: "listed" }], apps: [app] };
  const directory = { current: () => ({ listed, directory: { appsOf: () => [app] } }) };
  const depsWith = (database: Database) =>
    ({
      db: database,
      directory,
      audit,
      stored: { refresh: () => Promise.resolve() },
      log: SILENT,
    }) as never;
  const manager = { actor: SYSTEM, teams: ["alpha"], isAdministrator: true } as never;
  beforeEach(async () => {
    await db.query("delete from token_server.directory_service");
    await insertService(db, { ...service, secretHash: "x", createdBy: "alice" });
  });

  test("that is ended while its secret is renewed, or twice at once, is not there", async () => {
    for (const change of [
      (deps: never) => renewServiceSecret(deps, manager, { name: "pod", overlapHours: 0 }),
      (deps: never) => endService(deps, manager, "pod"),
    ]) {
      await db.query("delete from token_server.directory_service");
      await insertService(db, { ...service, secretHash: "x", createdBy: "alice" });
      const gone = meanwhile("delete from token_server.directory_service");
      await expect(change(depsWith(gone))).rejects.toMatchObject({ code: "NOT_FOUND" });
    }
    expect(entries).toEqual([]);
  });

  test("is not made by a name that the directory's file has", async () => {
    const make = (name: string) => makeService(depsWith(db), manager, { ...service, name });
    await expect(make("listed")).rejects.toMatchObject({ code: "CONFLICT" });
    expect((await make("another")).service.name).toBe("another");
  });
});

test("a privilege is a team's, or a user's of a realm; what is neither is nobody's", async () => {
  await db.query("delete from token_server.directory_privilege");
  for (const holder of ["builders", "/employees/alice", "/nobody"])
    await givePrivilege(db, { privilege: "Puller", holder });
  const directory = storedDirectory(db, SILENT);
  await directory.refresh();
  expect(directory.current()?.privileges).toEqual(
    expect.arrayContaining([
      { privilege: "Puller", to: { team: "builders" } },
      { privilege: "Puller", to: { realm: "/employees", uid: "alice" } },
    ]),
  );
  expect(directory.current()?.privileges).toHaveLength(2);
});

describe("a registry", () => {
  const facts = { url: null, insecure: false, restricted: false, description: "before" };
  const registrar = { actor: SYSTEM, teams: ["alpha"], isAdministrator: false } as never;
  const deps = () =>
    ({
      ...{ db, audit, log: SILENT },
      registries: { own: "own", refresh: () => Promise.resolve() },
    }) as unknown as RegistryDeps;
  beforeEach(async () => {
    await db.query("delete from token_server.registry");
    await insertRegistry(db, {
      ...{ service: "one", ...facts, publications: ["alpha"], responsibles: ["alpha"] },
      ...{ isOwn: false, createdBy: "alice" },
    });
  });

  test("that is not there is neither changed nor deleted", async () => {
    const change = { service: "two", change: {} };
    await expect(changeRegistry(deps(), registrar, change)).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(deleteRegistry(deps(), registrar, "two")).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    expect(entries).toEqual([]);
  });

  test("is changed in what is said, and that alone is on record as changed", async () => {
    const change = { description: "after", restricted: undefined };
    const changed = await changeRegistry(deps(), registrar, { service: "one", change });
    expect(changed).toMatchObject({ description: "after", restricted: false });
    expect(entries.map(({ detail }) => detail)).toEqual([
      { service: "one", before: { description: "before" }, description: "after" },
    ]);
  });

  test("of the configuration is one: that of a configuration of before is one as any other", async () => {
    const own = (service: string) =>
      registeringReader({ db, audit: audit, log: SILENT }, { service, url: null, adminTeams: [] })(); // prettier-ignore
    await own("first");
    await own("second");
    const registries = await listRegistries(db);
    expect(registries.filter(({ isOwn }) => isOwn).map(({ service }) => service)).toEqual([
      "second",
    ]);
  });
});
