import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse, stringify } from "yaml";
import { runProgram } from "#local/processes/run-program.js";
import { localCommand } from "#tests/support/local-command.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { listening, type TestServer } from "#tests/support/test-server.js";

interface Finding {
  readonly check: string;
  readonly state: "good" | "look" | "bad";
  readonly found: string;
  readonly todo: string | null;
}

let stack: TestStack;
let folder: TemporaryFolder;
/** Something that answers whatever it is asked. */
let other: TestServer;
/** Where nothing listens any more. */
let closed: string;
let answer: (url: string) => { status: number; headers?: Record<string, string> };

beforeAll(async () => {
  folder = await temporaryFolder();
  stack = await startTestStack({ env: { DISCOVERY_SECONDS: "0" } });
  const gone = await listening(createServer());
  closed = gone.url;
  await gone.stop();
  other = await listening(
    createServer((req, res) => {
      const { status, headers = {} } = answer(req.url ?? "");
      res.writeHead(status, headers).end();
    }),
  );
});
afterAll(async () => {
  await other.stop();
  await stack.stop();
  await folder.remove();
});

const secretOf = (name: string) => join(stack.dataDir, "secrets", name);
const registryFile = () => join(stack.dataDir, "registry", "config.yml");

/** As an operator does beside the stack, with some variables otherwise. */
async function doctor(env: NodeJS.ProcessEnv = {}, ...args: string[]) {
  const words = ["gateway/src/commands/doctor/main.js", "--json", ...args];
  const { ok, stdout, output } = await runProgram(localCommand(stack.dataDir, words, env));
  if (!stdout.startsWith("{")) throw new Error(output);
  return { ok, output, findings: (JSON.parse(stdout) as { findings: Finding[] }).findings };
}

/** What of the findings is not good, without what is not looked at. */
const wrongIn = (findings: readonly Finding[]) =>
  findings
    .filter(({ state, found }) => state !== "good" && found !== "not looked at")
    .map(({ check, state, found }) => `${state} ${check}: ${found}`);

async function otherFile(change: (file: Registry) => void): Promise<string> {
  const file = parse(await readFile(registryFile(), "utf8")) as Registry;
  change(file);
  const path = join(folder.path, "config.yml");
  await writeFile(path, stringify(file));
  return path;
}

interface Registry {
  auth?: { token: { issuer: string } };
  log: { level?: string };
  http: { relativeurls?: boolean; secret?: string };
  storage: Record<string, unknown>;
  proxy?: { remoteurl: string };
  validation?: object;
  notifications: { endpoints: { url: string; headers: Record<string, string[]> }[] };
}

test("a healthy stack has nothing bad, and each part was looked at", async () => {
  const { ok, findings } = await doctor({}, "--registry-config", registryFile());
  expect(findings.filter(({ state }) => state === "bad")).toEqual([]);
  expect(ok).toBe(true);
  const good = findings.filter(({ state }) => state === "good").map(({ check }) => check);
  expect(good).toEqual(
    expect.arrayContaining([
      ...["configuration", "proxies", "keys", "registry", "registry clock", "storage", "webhook"],
      ...["Postgres", "Postgres TLS", "Postgres connections", "Postgres clock", "Postgres role"],
      ...["schema ledger", "schema audit", "registry file: auth", "registry file: webhook"],
      ...["token server"],
    ]),
  );
});

test("every finding that is not good says what to do, and none shows a secret", async () => {
  const secret = (await readFile(secretOf("notification"), "utf8")).trim();
  const { output, findings } = await doctor(
    {
      NOTIFICATION_PORT: "1",
      REGISTRY_URL: closed,
      DB_PASSWORD_FILE: secretOf("notification"),
    },
    ...["--registry-config", registryFile(), "--registry-program", "/absent"],
  );
  for (const { state, todo } of findings) expect(todo === null).toBe(state === "good");
  expect(findings.filter(({ state }) => state === "bad").length).toBeGreaterThan(3);
  expect(output).not.toContain(secret);
});

describe("it finds", () => {
  const database = (name: string) => ({
    DB_USER: `wharfinger_${name}`,
    DB_PASSWORD_FILE: secretOf(`postgres-${name}`),
  });

  test.each<[string, () => NodeJS.ProcessEnv, RegExp]>([
    ["a variable of a wrong form", () => ({ PORT: "eighty" }), /^bad configuration: .*PORT/],
    [
      "a variable that nobody reads",
      () => ({ REGISTRY_ULR: "x" }),
      /^bad configuration: REGISTRY_ULR: is no setting, did you mean REGISTRY_URL/,
    ],
    [
      "a name without an address",
      () => ({ TOKEN_SERVER_URL: "http://absent.invalid:1" }),
      /^bad DNS: absent\.invalid has no address/,
    ],
    [
      "a proxy that is not there",
      () => ({ HTTPS_PROXY: closed }),
      /^bad proxies: 127\.0\.0\.1:\d+: .*ECONNREFUSED/,
    ],
    [
      "a wrong password of the database",
      () => ({ DB_PASSWORD_FILE: secretOf("notification") }),
      /^bad Postgres: password authentication failed/,
    ],
    [
      "a database without TLS where it is wanted",
      () => ({ PGSSLMODE: "verify-full" }),
      /^bad Postgres: .*SSL/,
    ],
    [
      "a role that lacks rights",
      () => database("auditor"),
      /^bad schema ledger: the role lacks (?:select|insert|update|delete) on ledger\.\w+,/,
    ],
    [
      "a registry that is not there",
      () => ({ REGISTRY_URL: closed }),
      /^bad registry: .*ECONNREFUSED/,
    ],
    [
      "something else in the registry's place",
      () => ({ REGISTRY_URL: other.url }),
      /^bad registry: .*answers 200, and not as a registry/,
    ],
    [
      "a registry that does not take the keys",
      () => ({ REGISTRY_URL: stack.url }),
      /^bad keys: the registry answers 401 to the gateway's token/,
    ],
    [
      "a token server that is not there",
      () => ({ TOKEN_SERVER_URL: closed }),
      /^bad token server: .*ECONNREFUSED/,
    ],
    [
      "something else in the token server's place",
      () => ({ TOKEN_SERVER_URL: other.url }),
      /^bad token server: /,
    ],
    [
      "a webhook that is not there",
      () => ({ NOTIFICATION_PORT: new URL(closed).port }),
      /^bad webhook: .*(?:ECONNREFUSED)/,
    ],
    [
      "a webhook with another secret",
      () => ({ NOTIFICATION_SECRET_FILE: secretOf("postgres-gateway") }),
      /^bad webhook: .* does not know the secret/,
    ],
  ])("%s", async (_name, env, wanted) => {
    answer = () => ({ status: 200 });
    const { ok, findings } = await doctor(env());
    const found = wrongIn(findings);
    expect(found).toContainEqual(expect.stringMatching(wanted));
    expect(ok).toBe(found.every((one) => !one.startsWith("bad")));
  });

  test.each<[string, (url: string) => { status: number }, RegExp]>([
    [
      "a registry that is open to all",
      () => ({ status: 200 }),
      /^bad registry: it answers 200 to whoever asks without a token/,
    ],
    [
      "one of the line 2.8",
      (url) => ({ status: url.includes("_catalog") ? 200 : 401 }),
      /^look registry version: 2\.8: /,
    ],
    [
      "one of 3.0",
      (url) => ({ status: url.includes("tags/list") ? 200 : 400 }),
      /^look registry version: 3\.0: /,
    ],
    [
      "one whose clock is wrong",
      () => ({ status: 401 }),
      /^bad registry clock: \d+ s behind this machine's/,
    ],
  ])("%s", async (_name, says, wanted) => {
    const headers = {
      "Docker-Distribution-Api-Version": "registry/2.0",
      Date: new Date(0).toUTCString(),
    };
    answer = (url) => ({ ...says(url), headers });
    const { findings } = await doctor({ REGISTRY_URL: other.url });
    expect(wrongIn(findings)).toContainEqual(expect.stringMatching(wanted));
  });

  test.each<[string, (file: Registry) => void, RegExp]>([
    [
      "a registry's file that closes nothing",
      (file) => delete file.auth,
      /^bad registry file: auth: no auth\.token/,
    ],
    [
      "one with another issuer",
      (file) => (file.auth = { token: { issuer: "x" } }),
      /^bad registry file: auth: .*issuer is not UPSTREAM_ISSUER/,
    ],
    [
      "one that tells nobody",
      (file) => (file.notifications.endpoints = []),
      /^bad registry file: webhook: it tells nobody/,
    ],
    [
      "one that tells somebody else",
      (file) => Object.assign(file.notifications.endpoints[0] ?? {}, { url: "http://127.0.0.1/x" }),
      /^bad registry file: webhook: no endpoint of it/,
    ],
    [
      "one that tells another port",
      (file) =>
        Object.assign(file.notifications.endpoints[0] ?? {}, {
          url: "http://127.0.0.1:1/hooks/registry",
        }),
      /^look registry file: webhook: it goes to 127\.0\.0\.1:1/,
    ],
    [
      "one with another secret",
      (file) =>
        Object.assign(file.notifications.endpoints[0] ?? {}, {
          headers: { Authorization: ["Bearer x"] },
        }),
      /^bad registry file: webhook: its Authorization is not/,
    ],
    [
      "one that prints its secret",
      (file) => (file.log.level = "info"),
      /^bad registry file: log: level is info/,
    ],
    [
      "one without relative URLs",
      (file) => delete file.http.relativeurls,
      /^look registry file: http: relativeurls is off/,
    ],
    [
      "one without a secret of uploads",
      (file) => delete file.http.secret,
      /^look registry file: http: no http\.secret/,
    ],
    [
      "one that deletes nothing",
      (file) => delete file.storage["delete"],
      /^bad registry file: storage: delete is off/,
    ],
    [
      "one that is read-only",
      (file) => (file.storage["maintenance"] = { readonly: { enabled: true } }),
      /^bad registry file: storage: it is read-only/,
    ],
    [
      "one that looks for what an index names",
      (file) => delete file.validation,
      /^look registry file: validation: of the line 3, it takes no index .* by sha512/,
    ],
    [
      "one of a mirror",
      (file) => (file.proxy = { remoteurl: "https://registry.example.org" }),
      /^bad registry file: proxy: /,
    ],
  ])("%s", async (_name, change, wanted) => {
    const { findings } = await doctor({}, "--registry-config", await otherFile(change));
    expect(wrongIn(findings)).toContainEqual(expect.stringMatching(wanted));
  });

  test.each([
    [404, {}, /^bad S3: .* has no bucket blobs$/],
    [301, { "X-Amz-Bucket-Region": "eu-west-1" }, /^bad S3: blobs is in region eu-west-1$/],
    [200, {}, /^look S3: .* lets anybody look into blobs$/],
    [503, {}, /^bad S3: .* answers 503$/],
    [403, {}, /^look S3: .* is reached without TLS$/],
    [null, {}, /^bad S3: .*ECONNREFUSED/],
  ])("a bucket that is answered for with %j", async (status, headers, wanted) => {
    answer = () => ({ status: status ?? 200, headers });
    const regionendpoint = status === null ? closed : other.url;
    const file = await otherFile(({ storage }) => {
      storage["s3"] = { bucket: "blobs", region: "eu-central-1", regionendpoint };
      delete storage["filesystem"];
    });
    const { findings } = await doctor({}, "--registry-config", file);
    expect(wrongIn(findings)).toContainEqual(expect.stringMatching(wanted));
  });

  test("a database that was not migrated, and a role that is too strong", async () => {
    const { postgres, registry, tokenServer } = JSON.parse(
      await readFile(join(stack.dataDir, "run", "stack.json"), "utf8"),
    ) as Record<string, string>;
    const { findings } = await doctor({
      DB_SUBNAME: `//${new URL(postgres ?? "").host}/postgres`,
      ...{ DB_USER: "wharfinger", DB_PASSWORD_FILE: secretOf("postgres"), PGSSLMODE: "disable" },
      ...{ REGISTRY_URL: registry, TOKEN_SERVER_URL: tokenServer },
      KEYS_DIR: join(stack.dataDir, "keys"),
      NOTIFICATION_SECRET_FILE: secretOf("notification"),
    });
    const wrong = wrongIn(findings);
    expect(wrong).toContain("bad schema ledger: there is none");
    expect(wrong).toContainEqual(
      expect.stringMatching(/^look Postgres role: wharfinger is a superuser/),
    );
  });

  test.each([
    ["2.8.3", /^look registry version: 2\.8\.3$/],
    ["3.1.0", /^look registry version: 3\.1\.0$/],
    ["3.1.1", null],
    ["3.2.0-rc.1", null],
  ])("a registry's program of %s", async (version, wanted) => {
    const program = join(folder.path, "registry.sh");
    await writeFile(program, `#!/bin/sh\necho registry github.com/x ${version}\n`, { mode: 0o755 });
    const { findings } = await doctor({}, "--registry-program", program);
    const said = findings.filter(
      ({ check, found }) => check === "registry version" && found === version,
    );
    expect(wrongIn(said)).toEqual(wanted === null ? [] : [expect.stringMatching(wanted)]);
    expect(said).toHaveLength(1);
  });
});
