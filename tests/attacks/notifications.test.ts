import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { ownRequestMark } from "#gateway/upstream/own-requests.js";
import { DIST } from "#local/repository-root.js";
import type { Database } from "#service-kit/db/pool.js";
import { Secret } from "#service-kit/secret.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, type Answer } from "#tests/support/http-client.js";
import { startLedger, type StartedLedger } from "#tests/support/ledger.js";
import { environmentOfGateway } from "#tests/support/running-gateway.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder } from "#tests/support/temporary-folder.js";

const NOW = "the-secret-of-today-0123456789";
const BEFORE = "the-secret-of-before-0123456789";

describe("a stranger who forges notifications", () => {
  let ledger: StartedLedger;
  let db: Database;
  let gateway: TestGateway;

  beforeAll(async () => {
    ledger = await startLedger();
    db = ledger.db;
    gateway = await startGateway({
      registryUrl: "http://127.0.0.1:1",
      tokenServerUrl: "http://127.0.0.1:1",
      db,
      notificationSecrets: [NOW, BEFORE],
    });
  });
  afterAll(async () => {
    await gateway.stop();
    await ledger.stop();
  });
  beforeEach(() => ledger.clear());

  test.each([NOW, BEFORE, "", "x"])(
    "finds nothing at the public port, whatever secret is shown",
    async (secret) => {
      for (const path of [
        "/hooks/registry",
        "/hooks/registry/",
        "/hooks//registry",
        "/HOOKS/registry",
        "/hooks",
      ])
        expect(await post(gateway.url, secret, { path })).toMatchObject({ status: 404 });
      expect(await kept(db)).toEqual([]);
    },
  );

  test("finds nothing but the webhook at its own port", async () => {
    for (const path of ["/", "/v2/", "/token", "/metrics", "/ready", "/api/v1/explain", "/hooks"])
      expect((await ask(gateway.hooks.url, path)).status).toBe(404);
    expect((await ask(gateway.hooks.url, "/hooks/registry")).status).toBe(404);
  });

  test.each([
    ["no header", undefined],
    ["an empty one", ""],
    ["the scheme alone", "Bearer"],
    ["an empty token", "Bearer "],
    ["a part of the secret", `Bearer ${NOW.slice(0, -1)}`],
    ["more than the secret", `Bearer ${NOW}x`],
    ["two secrets", `Bearer ${NOW} ${BEFORE}`],
    ["another case", `Bearer ${NOW.toUpperCase()}`],
    ["another scheme", `Basic ${NOW}`],
    ["Basic as user", `Basic ${Buffer.from(`${NOW}:`).toString("base64")}`],
  ])("is refused without the secret: %s", async (_title, authorization) => {
    const answer = await post(gateway.hooks.url, "", { authorization: authorization ?? null });
    expect(answer.status).toBe(401);
    expect(await kept(db)).toEqual([]);
  });

  test("is refused from elsewhere, whoever he says he is and whatever he knows", async () => {
    const elsewhere = await startGateway({
      registryUrl: "http://127.0.0.1:1",
      tokenServerUrl: "http://127.0.0.1:1",
      db,
      notificationSecrets: [NOW],
      notificationsFrom: ["10.1.0.0/16"],
      trustedProxies: ["loopback"],
    });
    const lies = [{}, { "X-Forwarded-For": "10.1.0.1" }, { Forwarded: "for=10.1.0.1" }];
    for (const headers of lies)
      expect((await post(elsewhere.hooks.url, NOW, { headers })).status).toBe(403);
    await elsewhere.stop();
    expect(await kept(db)).toEqual([]);
  });

  test("knows the secret of before for as long as it is said to count, and no longer", async () => {
    expect((await post(gateway.hooks.url, BEFORE, { id: "before" })).status).toBe(200);
    expect((await post(gateway.hooks.url, NOW, { id: "now" })).status).toBe(200);
    expect(await kept(db)).toEqual(["before", "now"]);
    const later = await startGateway({
      registryUrl: "http://127.0.0.1:1",
      tokenServerUrl: "http://127.0.0.1:1",
      db,
      notificationSecrets: [NOW],
    });
    expect((await post(later.hooks.url, BEFORE, { id: "late" })).status).toBe(401);
    await later.stop();
  });

  test("hides no pull by a mark of his own making, and gateways know those of both secrets", async () => {
    const mark = (secret: string) => ownRequestMark(new Secret(secret));
    const agents = [
      mark("a-secret-that-he-guessed"),
      "wharfinger/0123456789abcdef",
      `${mark(NOW)}x`,
    ];
    for (const [index, useragent] of agents.entries())
      await post(gateway.hooks.url, NOW, { id: `pull-${index}`, action: "pull", useragent });
    for (const [index, secret] of [NOW, BEFORE].entries())
      await post(gateway.hooks.url, NOW, {
        id: `own-${index}`,
        action: "pull",
        useragent: `docker/28 ${mark(secret)}`,
      });
    expect((await kept(db)).filter((id) => /^(?:pull|own)-/.test(id))).toEqual([
      "pull-0",
      "pull-1",
      "pull-2",
    ]);
  });
});

describe("a secret that protects nothing", () => {
  test.each([
    ["an empty file", ""],
    ["a file with a line break", "\n"],
    ["a file with blanks", "   \n"],
    ["one letter", "x\n"],
    ["a blank inside", "0123456789 abcdef\n"],
    ["two lines", "0123456789abcdef\n0123456789abcdef\n"],
  ])("is a fault at start: %s", async (_title, content) => {
    const folder = await temporaryFolder();
    const file = join(folder.path, "notification");
    await writeFile(file, content);
    for (const name of ["NOTIFICATION_SECRET_FILE", "NOTIFICATION_SECRET_PREVIOUS_FILE"]) {
      const { code, output } = await startAndEnd({
        ...(name === "NOTIFICATION_SECRET_FILE" ? {} : { NOTIFICATION_SECRET: NOW }),
        [name]: file,
      });
      expect(code).toBe(78);
      expect(output).toContain(`${name}: ${file}: given`);
      if (content.trim().length > 1) expect(output).not.toContain(content.trim());
    }
    await folder.remove();
  });

  test.each(["x", "0123456789 abcdef", " ", "0123456789abcdef "])(
    "is a fault at start: %j in the variable",
    async (NOTIFICATION_SECRET) => {
      const { code, output } = await startAndEnd({ NOTIFICATION_SECRET });
      expect(code).toBe(78);
      expect(output).toContain("NOTIFICATION_SECRET: given");
    },
  );

  test("and the same one twice is a fault too", async () => {
    const env = { NOTIFICATION_SECRET: NOW, NOTIFICATION_SECRET_PREVIOUS: NOW };
    expect((await startAndEnd(env)).output).toContain("NOTIFICATION_SECRET_PREVIOUS: is the same");
  });
});

describe("whoever reads the logs of the local stack", () => {
  let stack: TestStack;

  beforeAll(async () => {
    stack = await startTestStack({ env: { LOG_LEVEL: "debug" } });
  });
  afterAll(async () => {
    await stack.stop();
  });

  test("finds no secret in them, of no part and at no level, though notifications arrive", async () => {
    const { registry = "", gatewayNotifications = "" } = await stack.addresses();
    await ask(registry, "/v2/");
    const secrets = await secretsOf(stack.dataDir);
    expect([...secrets.keys()]).toEqual(
      expect.arrayContaining(["notification", "postgres", "registry-http"]),
    );
    const notification = secrets.get("notification") ?? "";
    expect((await post(gatewayNotifications, notification, { id: "real" })).status).toBe(200);
    expect((await post(stack.url, notification, {})).status).toBe(404);
    const logs = join(stack.dataDir, "logs");
    // The access log: the registry has written something at all.
    await eventually("the request is in the registry's log", async () =>
      (await readFile(join(logs, "registry.log"), "utf8")).includes('"GET /v2/ HTTP/1.1" 401'),
    );
    const files = await readdir(logs);
    expect(files).toEqual(expect.arrayContaining(["gateway.log", "registry.log"]));
    for (const file of files) {
      const text = await readFile(join(logs, file), "utf8");
      for (const [name, value] of secrets)
        expect([file, name, text.includes(value)]).toEqual([file, name, false]);
    }
    for (const value of secrets.values()) expect(stack.output()).not.toContain(value);
  });

  test("finds the webhook on loopback, and the registry told of no other", async () => {
    const { gatewayNotifications = "" } = await stack.addresses();
    expect(new URL(gatewayNotifications).hostname).toBe("127.0.0.1");
    const config = await readFile(join(stack.dataDir, "registry", "config.yml"), "utf8");
    expect(config).toContain(`url: ${gatewayNotifications}/hooks/registry`);
    const env = await environmentOfGateway(stack);
    expect(env["NOTIFICATION_HOST"]).toBe("127.0.0.1");
  });
});

interface Forgery {
  readonly path?: string;
  readonly authorization?: string | null;
  readonly headers?: Record<string, string>;
  readonly id?: string;
  readonly action?: string;
  readonly useragent?: string;
}

function post(url: string, secret: string, forgery: Forgery): Promise<Answer> {
  const {
    path = "/hooks/registry",
    authorization = `Bearer ${secret}`,
    headers,
    ...event
  } = forgery;
  const { id = "forged", action = "push", useragent = "curl" } = event;
  const digest = `sha256:${"a".repeat(64)}`;
  const target = {
    repository: "alpha/app",
    tag: "1.0",
    digest,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
  };
  const events = [{ id, action, target, request: { method: "GET", useragent } }];
  return ask(url, path, {
    method: "POST",
    headers: { ...headers, ...(authorization === null ? {} : { Authorization: authorization }) },
    body: JSON.stringify({ events }),
  });
}

async function kept(db: Database): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>("select id from ledger.notification order by id");
  return rows.map(({ id }) => id);
}

/** Every secret of a stack, by the name of its file. */
async function secretsOf(dataDir: string): Promise<Map<string, string>> {
  const folder = join(dataDir, "secrets");
  const names = await readdir(folder);
  const read = async (name: string) =>
    [name, (await readFile(join(folder, name), "utf8")).trim()] as const;
  return new Map(await Promise.all(names.map(read)));
}

/** A gateway that is expected not to come up. */
async function startAndEnd(
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; output: string }> {
  const program = join(DIST, "gateway", "src", "main.js");
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env["PATH"], HOST: "127.0.0.1", PORT: "0", METRICS_PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 60_000,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  await once(child, "close");
  return { code: child.exitCode, output };
}
