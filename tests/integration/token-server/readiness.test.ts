import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import supertest from "supertest";
import { openDatabase, type Database } from "#service-kit/db/pool.js";
import { clientReader } from "#service-kit/http/client-reader.js";
import { createMetrics } from "#service-kit/metrics.js";
import { refusedFiles } from "#service-kit/refused-files.js";
import { tokenServerRoutes } from "#token-server/routes/routes.js";
import { openProbes } from "#token-server/wiring/probes.js";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { migratedDatabase } from "#tests/support/migrated-database.js";
import { TOKEN_SERVER_MIGRATIONS } from "#tests/support/migrations.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { SILENT } from "#tests/support/silent.js";
import { startRelay, type TcpRelay } from "#tests/support/tcp-relay.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let postgres: TestPostgres;
let relay: TcpRelay;
let db: Database;

beforeAll(async () => {
  postgres = await startTestPostgres();
  relay = await startRelay(postgres.login.port);
  const made = await migratedDatabase(postgres, [TOKEN_SERVER_MIGRATIONS]);
  const config = { ...made, port: relay.port };
  db = openDatabase(config, { name: "test", connections: 2 }, SILENT);
});
afterAll(async () => {
  await db.close();
  await relay.cut();
  await postgres.stop();
});

describe("/ready of a token server", () => {
  test("answers by its database, says what is wrong, and tells of each change once", async () => {
    let why: string | null = "the schema is not up to date yet";
    const { log, ...logged } = readableLog();
    const { http, metrics } = probed({ unmigrated: () => why, log });
    expect((await http.get("/ready")).body).toMatchObject({
      ready: false,
      checks: { database: "failing", clocks: "ok" },
      reasons: { database: expect.stringContaining("not up to date") as unknown },
    });
    why = null;
    expect((await http.get("/ready")).status).toBe(200);
    await relay.cut();
    for (let asked = 0; asked < 2; asked += 1) {
      const answer = await http.get("/ready");
      expect(answer.status).toBe(503);
      expect(answer.body).toMatchObject({
        reasons: { database: expect.stringContaining("unavailable") as unknown },
      });
    }
    expect(await metrics.registry.getSingleMetricAsString("ready")).toContain(
      'ready{check="database"} 0',
    );
    // What only says that the process runs goes on.
    expect((await http.get("/.well-known/health")).status).toBe(200);
    await relay.mend();
    expect((await http.get("/ready")).status).toBe(200);
    await db.query("alter schema token_server rename to elsewhere");
    expect((await http.get("/ready")).body).toMatchObject({
      ready: false,
      reasons: { database: expect.stringContaining("has no table") as unknown },
    });
    await db.query("alter schema elsewhere rename to token_server");
    expect((await http.get("/ready")).status).toBe(200);
    expect(logged.linesOf("ready.lost")).toHaveLength(3);
    expect(logged.linesOf("ready.again")).toHaveLength(3);
  });
});

describe("a token server whose clock may be wrong", () => {
  const doubt = "Postgres' clock is 10 minutes behind the token server's; which of them is wrong cannot be told"; // prettier-ignore
  let server: TestTokenServer;

  beforeAll(async () => {
    server = await startTestTokenServer({ clocks: { doubt: () => doubt } });
  });
  afterAll(() => server.stop());

  test("refuses nobody for good, since what has an end may not have ended", async () => {
    const { http } = server;
    const answer = await http.get("/token?service=wharfinger").auth("oauth2", "nobody-token");
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    expect(JSON.stringify(answer.body)).toContain(doubt);
  });

  test("lets in whom it knows all the same", async () => {
    const answer = await server.http.get("/token?service=wharfinger").auth("oauth2", "alice-token");
    expect(answer.status).toBe(200);
  });

  test("says so by /ready", async () => {
    const answer = await server.http.get("/ready");
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ reasons: { clocks: doubt } });
  });
});

test("/ready warns of a file that was changed and refused, and is ready all the same", async () => {
  const { http, files, metrics } = probed({ unmigrated: () => null, log: readableLog().log });
  const outcomeOf = files.follow("/etc/wharfinger/policy.yaml");
  const shown = () => metrics.registry.getSingleMetricAsString("followed_file_refused");
  expect((await http.get("/ready")).body).toMatchObject({ ready: true, warnings: [] });
  expect(await shown()).toContain('{file="/etc/wharfinger/policy.yaml"} 0');
  outcomeOf("refused");
  const answer = await http.get("/ready");
  expect(answer.status).toBe(200);
  expect(answer.body).toMatchObject({
    ready: true,
    warnings: ["policy.yaml was changed and is refused: what it said before still counts"],
  });
  expect(await shown()).toContain('{file="/etc/wharfinger/policy.yaml"} 1');
  outcomeOf("loaded");
  expect((await http.get("/ready")).body).toMatchObject({ warnings: [] });
});

function probed({
  unmigrated,
  log,
}: {
  unmigrated: () => string | null;
  log: ReturnType<typeof readableLog>["log"];
}) {
  const metrics = createMetrics();
  const files = refusedFiles(metrics.registry);
  const clocks = { doubt: () => null };
  const probes = openProbes({ db, unmigrated, clocks, log, metrics, files });
  const origin = {
    client: clientReader([], { log: SILENT, now: Date.now }),
    requestId: () => undefined,
    service: () => undefined,
  };
  const app = tokenServerRoutes({ log: SILENT, metrics, refused: () => undefined, origin }, [
    probes,
  ]);
  return { http: supertest(app), metrics, files };
}
