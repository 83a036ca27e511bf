import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { eventually } from "#tests/support/eventually.js";
import { ask } from "#tests/support/http-client.js";
import { migratedDatabase } from "#tests/support/migrated-database.js";
import { TOKEN_SERVER_MIGRATIONS } from "#tests/support/migrations.js";
import { startTestPostgres, type TestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { startTokenServerProcess } from "#tests/support/token-server-process.js";

let postgres: TestPostgres;
let folder: TemporaryFolder;

beforeAll(async () => {
  [postgres, folder] = await Promise.all([startTestPostgres(), temporaryFolder()]);
});
afterAll(async () => {
  await postgres.stop();
  await folder.remove();
});

describe("a token server that is told to end", () => {
  test("says by /ready that it will, answers all the while, and ends at once when told again", async () => {
    const { host, port, database, user, password } = await migratedDatabase(postgres, [
      TOKEN_SERVER_MIGRATIONS,
    ]);
    const server = await startTokenServerProcess({
      DB_SUBNAME: `//${host}:${port}/${database}`,
      DB_USER: user,
      DB_PASSWORD: password.reveal(),
      PGSSLMODE: "disable",
      KEYS_DIR: folder.path,
      AUTHENTICATION: "off",
      SHUTDOWN_DELAY_SECONDS: "900",
      DRAIN_SECONDS: "60",
    });
    if (!server.started) throw new Error(server.output);
    const ready = () => ask(server.url, "/ready");
    await eventually("it is ready", async () => (await ready()).status === 200);
    server.signal("SIGTERM");
    await eventually("it says so", async () => (await ready()).status === 503);
    const { headers, body } = await ready();
    expect(headers.connection).toBe("close");
    expect(JSON.parse(body.toString())).toMatchObject({
      ready: false,
      checks: { database: "ok", process: "failing" },
      reasons: { process: "the process is about to stop" },
    });
    expect((await ask(server.url, "/.well-known/health")).status).toBe(200);
    expect((await ask(server.url, "/token?service=wharfinger")).status).toBe(200);
    await server.stop();
    expect(server.output()).toContain('"event":"process.stopped"');
    // Whoever watches over failures hears of none.
    expect(server.output()).not.toContain("ready.lost");
  });
});
