import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { Database } from "#service-kit/db/pool.js";
import { forgetLongViews, keepLongView, readLongView } from "#token-server/views/sql.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const HOUR = 3_600;

let server: TestTokenServer;
let db: Database;
beforeAll(async () => {
  server = await startTestTokenServer();
  ({ db } = server);
});
afterAll(() => server.stop());

const keep = (digest: string, seconds = HOUR) => keepLongView(db, { digest, content: digest }, seconds); // prettier-ignore

test("a view is kept for twice as long as is asked for, and written anew when half of that is over", async () => {
  const written = async () => {
    const { rows } = await db.query<{ xmin: string; hours: number }>(
      "select xmin::text, extract(epoch from expires_at - now())::float8 / 3600 as hours from token_server.long_view where digest = 'one'",
    );
    return rows[0] ?? { xmin: "", hours: 0 };
  };
  await keep("one");
  const first = await written();
  expect(first.hours).toBeGreaterThan(1.9);
  await keep("one");
  expect((await written()).xmin).toBe(first.xmin);
  await db.query("update token_server.long_view set expires_at = now() + interval '50 minutes'");
  await keep("one");
  expect((await written()).hours).toBeGreaterThan(1.9);
});

test("what no token names any more is forgotten, and nothing else", async () => {
  for (const digest of ["one", "two"]) await keep(digest);
  await db.query("update token_server.long_view set expires_at = now() - interval '1 second' where digest = 'two'"); // prettier-ignore
  await forgetLongViews(db);
  expect([await readLongView(db, "one"), await readLongView(db, "two")]).toEqual(["one", null]);
});
