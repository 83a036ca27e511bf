import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { readSinksConfig } from "#gateway/sinks/config.js";
import { openEvents } from "#gateway/wiring/events.js";
import { gatewayMetrics } from "#gateway/wiring/gateway-metrics.js";
import { envReader } from "#service-kit/config.js";
import { readProxies } from "#service-kit/http/proxies.js";
import { agreeingClocks } from "#tests/support/clocks.js";
import { eventually } from "#tests/support/eventually.js";
import { startForwardProxy, type TestForwardProxy } from "#tests/support/forward-proxy.js";
import { ask } from "#tests/support/http-client.js";
import { PIER_ONE_TAGS } from "#tag-policy/tag-policy.js";
import { startLedger } from "#tests/support/ledger.js";
import { migratedDatabase } from "#tests/support/migrated-database.js";
import { TOKEN_SERVER_MIGRATIONS } from "#tests/support/migrations.js";
import { startTestPostgres } from "#tests/support/postgres.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { startTokenServerProcess } from "#tests/support/token-server-process.js";
import { jsonService } from "../logins/support/json-service.js";
import { readableLog } from "../logins/support/log.js";
import { announcePush } from "../outbox/support/outbox.js";
import { httpReceiver } from "../sinks/support/http-receiver.js";

const PASSWORD = "hunter-2-nobody-may-see";

let proxy: TestForwardProxy;
let folder: TemporaryFolder;
beforeEach(async () => {
  proxy = await startForwardProxy(`wharfinger:${PASSWORD}`);
  folder = await temporaryFolder();
});
afterEach(async () => {
  await Promise.all([proxy.stop(), folder.remove()]);
});

test("the token server asks by the proxy of its environment, and tells nobody its password", async () => {
  const postgres = await startTestPostgres();
  const database = await migratedDatabase(postgres, [TOKEN_SERVER_MIGRATIONS]);
  const service = await jsonService(() => ({ status: 200, body: { uid: "alice", realm: "/x" } }));
  const { port } = new URL(service.url);
  const started = await startTokenServerProcess({
    DB_SUBNAME: `//${database.host}:${database.port}/${database.database}`,
    DB_USER: database.user,
    DB_PASSWORD: database.password.reveal(),
    KEYS_DIR: join(folder.path, "keys"),
    HTTP_TOKENINFO_URL: `http://tokeninfo.example.org:${port}/tokeninfo`,
    HTTP_PROXY: proxy.url(),
  });
  if (!started.started) throw new Error(started.output);
  const logIn = (token: string) => {
    const authorization = `Basic ${Buffer.from(`oauth2:${token}`).toString("base64")}`;
    return ask(started.url, "/token?service=wharfinger", { headers: { authorization } });
  };
  expect((await logIn("one")).status).toBe(200);
  expect(proxy.asked[0]).toMatch(/^GET http:\/\/tokeninfo\.example\.org:\d+\/tokeninfo\?/);
  proxy.meet(407);
  expect((await logIn("another")).status).toBe(503);
  await started.stop();
  expect(started.output()).toContain(`"proxies":{"http":"${proxy.name}","https":null}`);
  expect(started.output()).toContain(`through the proxy ${proxy.name}`);
  expect(started.output()).not.toContain(PASSWORD);
  await Promise.all([service.stop(), postgres.stop()]);
});

test("the gateway delivers by the proxy of its environment, and tells nobody its password", async () => {
  const ledger = await startLedger();
  const receiver = await httpReceiver();
  await writeFile(join(folder.path, "secret"), `whsec_${"A".repeat(43)}=\n`);
  const url = `http://hook.example.org:${receiver.port}/`;
  const sinks = `sinks: [{ name: hook, type: webhook, url: "${url}", secretFile: secret, allowPlainHttp: true }]`;
  await writeFile(join(folder.path, "sinks.yaml"), sinks);
  const read = envReader({
    SINKS_FILE: join(folder.path, "sinks.yaml"),
    http_proxy: proxy.url(),
  });
  const config = {
    events: readSinksConfig(read, "https://registry.example.org"),
    proxies: readProxies(read),
    outbox: { keepDays: 30, retryHours: 1 },
  };
  read.throwIfFaulty();
  const log = readableLog();
  const metrics = gatewayMetrics();
  const { parts, sinks: opened } = openEvents(config, {
    db: ledger.db,
    log: log.log,
    metrics,
    clocks: agreeingClocks(),
    policy: PIER_ONE_TAGS,
  });
  for (const part of parts) await part.start();
  await announcePush(ledger.db, opened, { repository: "alpha/app", tag: "1.0" });
  await eventually("it was delivered", () => receiver.received.length === 1, 10_000);
  expect(proxy.asked).toEqual([`POST ${url}`]);
  proxy.meet(407);
  await announcePush(ledger.db, opened, { repository: "beta/app", tag: "1.0" });
  await eventually("it was not", () => log.linesOf("event.postponed").length > 0, 10_000);
  for (const part of [...parts].reverse()) await part.stop();
  const [line] = log.linesOf("event.postponed");
  expect(line?.["reason"]).toContain(`through the proxy ${proxy.name} answered 407`);
  expect(log.linesOf("sinks.open")).toMatchObject([{ proxies: { http: proxy.name, https: null } }]);
  expect(log.text()).not.toContain(PASSWORD);
  expect(await metrics.registry.metrics()).not.toContain(PASSWORD);
  await receiver.stop();
  await ledger.stop();
});
