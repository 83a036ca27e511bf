import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import {
  forgetLoginFailures,
  forgetSuccess,
  giveBackPoint,
  noteSuccess,
  takePoint,
  wasRight,
} from "#token-server/limits/sql.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer();
});
beforeEach(() =>
  server.db.query("truncate token_server.login_failure, token_server.login_success"),
);
afterAll(() => server.stop());

const take = (key: string, credential: string, seconds = 60) =>
  takePoint(server.db, { key, credential, most: 1 }, seconds);

test("a point is given back to the source that it was taken from, and to no other", async () => {
  for (const key of ["source:a", "source:b"]) expect((await take(key, "1")).taken).toBe(true);
  await giveBackPoint(server.db, { key: "source:a", credential: "1" });
  expect((await take("source:a", "2")).taken).toBe(true);
  expect((await take("source:b", "2")).taken).toBe(false);
});

test("a credential that was right is so for a time, and until it is wrong; no other is", async () => {
  await noteSuccess(server.db, "1", 60);
  await noteSuccess(server.db, "2", 60);
  await noteSuccess(server.db, "3", -1);
  const right = () => Promise.all(["1", "2", "3", "4"].map((one) => wasRight(server.db, one)));
  expect(await right()).toEqual([true, true, false, false]);
  await forgetSuccess(server.db, "1");
  expect(await right()).toEqual([false, true, false, false]);
});

test("only what is over is forgotten", async () => {
  await noteSuccess(server.db, "1", 60);
  await noteSuccess(server.db, "2", -1);
  await take("source:a", "1");
  await take("source:b", "1", -1);
  await forgetLoginFailures(server.db);
  const { rows } = await server.db.query<{ kept: string }>(
    `select key as kept from token_server.login_failure
     union all select credential::text from token_server.login_success`,
  );
  expect(rows.map(({ kept }) => kept).sort()).toEqual(["1", "source:a"]);
});

test("a window that was begun while the clock was ahead ends when that is found, and begins anew", async () => {
  await take("source:a", "1");
  await server.db.query(
    "update token_server.login_failure set expires_at = expires_at + interval '10 hours'",
  );
  const { taken, milliseconds } = await take("source:a", "2");
  expect(taken).toBe(true);
  expect(milliseconds).toBeLessThanOrEqual(60_000);
  expect((await take("source:a", "3")).taken).toBe(false);
});
