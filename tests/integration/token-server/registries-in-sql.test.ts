import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { insertRefreshToken } from "#token-server/refresh-tokens/sql.js";
import {
  forgetOthersOwn,
  insertRegistry,
  listRegistries,
  lockRegistry,
  placeOwnRegistry,
  removeRegistry,
  updateRegistry,
} from "#token-server/registries/sql.js";
import type { Database } from "#service-kit/db/pool.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const FACTS = {
  ...{ url: "https://one.example.org", insecure: false, restricted: false },
  ...{ publications: [], responsibles: ["alpha"], description: "" },
};

let server: TestTokenServer;
let db: Database;
beforeAll(async () => {
  server = await startTestTokenServer();
  ({ db } = server);
});
beforeEach(async () => {
  await db.query("delete from token_server.registry");
  for (const service of ["one", "two"]) await add(service);
});
afterAll(() => server.stop());

const add = (service: string, isOwn = false) =>
  insertRegistry(db, { ...FACTS, service, isOwn, createdBy: "alice" });
const names = async () => (await listRegistries(db)).map(({ service }) => service);
const at = async (url: string) =>
  (await listRegistries(db)).filter((one) => one.url === url).map(({ service }) => service);

describe("of registries that are alike", () => {
  test("one is locked, and changed by its name", async () => {
    const lock = (service: string) => db.transaction((tx) => lockRegistry(tx, service));
    expect([(await lock("one"))?.service, (await lock("two"))?.service]).toEqual(["one", "two"]);
    expect(await lock("three")).toBeNull();
    const moved = { ...FACTS, url: "https://moved.example.org" };
    expect(await updateRegistry(db, { ...moved, service: "one" }, "bob")).not.toBeNull();
    expect(await updateRegistry(db, { ...moved, service: "three" }, "bob")).toBeNull();
    expect(await at(moved.url)).toEqual(["one"]);
  });

  test("there are as many as may be, and the own one besides", async () => {
    await db.query(
      `insert into token_server.registry (service, url, insecure, restricted, publications, responsibles, description, is_own, created_by)
       select 'more-' || n, 'https://more.example.org', false, false, '{}', '{}', '', false, 'alice' from generate_series(1, 198) as n`,
    );
    expect([await add("three"), (await add("own", true))?.service]).toEqual([null, "own"]);
  });

  test("the own one is put where the configuration says, and no other one", async () => {
    await add("own", true);
    const place = (service: string) => placeOwnRegistry(db, service, "https://here.example.org");
    await place("one");
    expect(await at("https://here.example.org")).toEqual([]);
    await add("before", true);
    await place("own");
    expect(await at("https://here.example.org")).toEqual(["own"]);
    const { rows: before } = await db.query("select xmin from token_server.registry");
    await place("own");
    expect((await db.query("select xmin from token_server.registry")).rows).toEqual(before);
  });

  test("one that registered itself is forgotten with the configuration that named it, unless somebody changed it", async () => {
    for (const service of ["own", "before", "changed"]) await add(service, true);
    await updateRegistry(db, { ...FACTS, service: "changed" }, "bob");
    await forgetOthersOwn(db, "own");
    expect(await names()).toEqual(["changed", "one", "own", "two"]);
  });

  test("one is removed with the robots and the stored logins of its name, which end once", async () => {
    await db.query(
      `insert into token_server.robot (team, name, login, description, secret_hash, created_by, service, grants, expires_at, disabled_at, disabled_by)
       select 'alpha', name, name, '', '', 'alice', service, '[]', now() + interval '1 day', disabled, case when disabled is not null then 'carol' end
       from (values ('r1', 'one', null::timestamptz), ('r2', 'two', null), ('r3', null, null), ('r4', 'one', now())) as robot (name, service, disabled)`,
    );
    const tokens = [];
    for (const service of ["one", "two", "one"]) {
      const id = randomUUID();
      tokens.push(id);
      await insertRefreshToken(db, {
        ...{ kind: "oauth2", realm: "/employees", uid: "alice", id, service, clientId: "docker" },
        ...{ tokenHash: Buffer.from(id), sealedLogin: Buffer.alloc(1), lifetimeSeconds: 3_600 },
        validUntil: null,
      });
    }
    await db.query(
      "update token_server.refresh_token set revoked_at = '2020-01-01' where id = $1",
      [tokens[2]],
    );
    expect(await removeRegistry(db, "one", "bob")).toEqual({ robots: 1, refreshTokens: 1 });
    const ended = await db.query(
      "select id from token_server.refresh_token where end_reason = 'other-service'",
    );
    expect(ended.rows).toEqual([{ id: tokens[0] }]);
    expect(await names()).toEqual(["two"]);
    const { rows } = await db.query(
      "select name, disabled_by from token_server.robot where disabled_at is not null order by name",
    );
    expect(rows).toEqual([
      { name: "r1", disabled_by: "bob" },
      { name: "r4", disabled_by: "carol" },
    ]);
  });
});
