import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { readSinksConfig } from "#gateway/sinks/config.js";
import { openSinks } from "#gateway/sinks/open-sinks.js";
import { outgoing } from "#service-kit/http/outgoing.js";
import { ConfigError, envReader } from "#service-kit/config.js";

const PUBLIC_URL = "https://registry.example.org";
const TOPIC = "arn:aws:sns:eu-central-1:123456789012:pushes";
const SECRET = `whsec_${"A".repeat(43)}=`;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wharfinger-sinks-"));
  for (const [name, text] of Object.entries({
    secret: SECRET,
    "bad-secret": "whsec_do-not-show-me",
    token: "token-do-not-show-me",
    empty: "\n",
  }))
    writeFileSync(join(folder, name), text);
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function read(env: NodeJS.ProcessEnv, publicUrl: string | null = PUBLIC_URL) {
  const reader = envReader(env);
  const config = readSinksConfig(reader, publicUrl);
  reader.throwIfFaulty();
  return config;
}

function faultsOf(env: NodeJS.ProcessEnv, publicUrl: string | null = PUBLIC_URL): string {
  try {
    read(env, publicUrl);
    return "";
  } catch (error) {
    if (error instanceof ConfigError) return error.faults.join("\n");
    throw error;
  }
}

function fileOf(text: string): NodeJS.ProcessEnv {
  const path = join(folder, "sinks.yaml");
  writeFileSync(path, text);
  return { SINKS_FILE: path };
}

/** A file with one sink; `keys` are lines of YAML. */
function sinkOf(type: string, ...keys: string[]): NodeJS.ProcessEnv {
  const lines = ["sinks:", `  - name: a`, `    type: ${type}`, ...keys.map((key) => `    ${key}`)];
  return fileOf(`${lines.join("\n")}\n`);
}

describe("variables", () => {
  test("need not name any sink", () => {
    expect(read({}, null).sinks).toEqual([]);
  });

  test("name a topic that gets Pier One's messages of pushes", () => {
    const { sinks, registry } = read({ API_SNS_TOPIC_ARN: TOPIC });
    expect(sinks).toMatchObject([
      { name: "sns", type: "sns", format: "pierone", actions: ["push"], region: "eu-central-1" },
    ]);
    expect(registry).toEqual({ name: "registry.example.org", uri: PUBLIC_URL });
  });

  test("name an audit service and its token, which is not printed", () => {
    const env = {
      HTTP_AUDIT_LOGS_URL: "https://audit.example.org/logs",
      HTTP_AUDIT_LOGS_TOKEN: "x-y",
    };
    const { sinks } = read(env);
    expect(sinks).toMatchObject([{ name: "audit", type: "audit", actions: ["push"] }]);
    expect(JSON.stringify(sinks)).not.toContain("x-y");
  });

  test.each([
    [{ HTTP_AUDIT_LOGS_URL: "http://audit.example.org/logs" }],
    [{ HTTP_AUDIT_LOGS_URL: "http://127.0.0.1:9000/", HTTP_AUDIT_LOGS_TOKEN: "x-y" }],
  ])("may name an audit service without TLS where no token crosses the network: %j", (env) => {
    expect(read(env).sinks).toMatchObject([{ name: "audit" }]);
  });

  test("say what the registry is called, without a public URL too", () => {
    const env = { API_SNS_TOPIC_ARN: TOPIC, API_REPOSITORY: "127.0.0.1:8080" };
    expect(read(env, null).registry).toEqual({ name: "127.0.0.1:8080", uri: "//127.0.0.1:8080" });
    expect(read(env).registry).toEqual({ name: "127.0.0.1:8080", uri: PUBLIC_URL });
  });

  test.each<[env: NodeJS.ProcessEnv, fault: string]>([
    [
      { API_SNS_TOPIC_ARN: "pushes" },
      'API_SNS_TOPIC_ARN: given "pushes", wanted a topic such as arn:aws:sns:eu-central-1:123456789012:pushes',
    ],
    [{ API_SNS_TOPIC_ARN: `${TOPIC}.other` }, "API_SNS_TOPIC_ARN: given"],
    [
      { API_SNS_TOPIC_ARN: TOPIC, API_SNS_REGION: "eu-west-1" },
      'API_SNS_REGION: given "eu-west-1", wanted eu-central-1, as the topic',
    ],
    [{ API_SNS_ENDPOINT: "x" }, 'API_SNS_ENDPOINT: given "x", wanted an http:// or https:// URL'],
    [{ HTTP_AUDIT_LOGS_URL: "audit" }, "HTTP_AUDIT_LOGS_URL: given"],
    [
      { HTTP_AUDIT_LOGS_URL: "http://169.254.169.254/" },
      'HTTP_AUDIT_LOGS_URL: given "http://169.254.169.254", which is a link-local or metadata address',
    ],
    [{ HTTP_AUDIT_LOGS_TOKEN_FILE: "/none" }, "HTTP_AUDIT_LOGS_TOKEN_FILE: given"],
    [
      { HTTP_AUDIT_LOGS_URL: "http://audit.example.org/", HTTP_AUDIT_LOGS_TOKEN: "x-y" },
      "wanted https:// where a token is sent (or a sink in SINKS_FILE with allowPlainHttp)",
    ],
    [
      { API_REPOSITORY: "https://x" },
      'API_REPOSITORY: given "https://x", wanted host or host:port',
    ],
    [
      { SINKS_FILE: "/none.yaml" },
      'SINKS_FILE: given "/none.yaml", wanted a file that can be read (ENOENT)',
    ],
  ])("are refused when they are wrong: %j", (env, fault) => {
    expect(faultsOf(env)).toContain(fault);
  });

  test("have to say what the registry is called", () => {
    expect(faultsOf({ API_SNS_TOPIC_ARN: TOPIC }, null)).toMatch(/^API_REPOSITORY: absent, wanted/);
  });

  test("cannot name a sink that the file has too", () => {
    const file = fileOf(`sinks: [{name: sns, type: sns, topicArn: "${TOPIC}"}]`);
    expect(faultsOf({ ...file, API_SNS_TOPIC_ARN: TOPIC })).toBe(
      'SINKS_FILE: a sink is called "sns", as the one that a variable names',
    );
  });
});

describe("a sinks file", () => {
  test("has sinks of all kinds, with paths relative to it", () => {
    const env = fileOf(`sinks:
  - {name: one, type: sns, topicArn: "${TOPIC}.fifo", format: cloudevents, actions: [push, pull]}
  - {name: two, type: webhook, url: "https://x.example.org/", secretFile: secret, tags: ["v*"]}
  - {name: three, type: audit, url: "http://127.0.0.1:1/", tokenFile: token, namespaces: [alpha]}
`);
    const { sinks } = read(env);
    expect(sinks).toMatchObject([
      { name: "one", region: "eu-central-1", actions: ["push", "pull"] },
      { name: "two", actions: ["push"], secretFile: join(folder, "secret"), timeoutSeconds: 10 },
      { name: "three", tokenFile: join(folder, "token"), allowLinkLocal: false },
    ]);
    expect(openSinks(read(env), outgoing()).map(({ name, kind }) => [name, kind])).toEqual([
      ["one", "sns"],
      ["two", "webhook"],
      ["three", "audit"],
    ]);
  });

  test("says whose events keep their order: not those of a standard topic, unless it is said", () => {
    const env = fileOf(`sinks:
  - {name: fifo, type: sns, topicArn: "${TOPIC}.fifo"}
  - {name: standard, type: sns, topicArn: "${TOPIC}"}
  - {name: insisting, type: sns, topicArn: "${TOPIC}", ordered: true}
  - {name: hook, type: webhook, url: "https://x.example.org/", secretFile: secret}
  - {name: loose, type: webhook, url: "https://x.example.org/", secretFile: secret, ordered: false}
  - {name: audit, type: audit, url: "http://127.0.0.1:1/", ordered: false}
`);
    const sinks = openSinks(read(env), outgoing());
    expect(sinks.map(({ name, ordered }) => [name, ordered])).toEqual([
      ["fifo", true],
      ["standard", false],
      ["insisting", true],
      ["hook", true],
      ["loose", false],
      ["audit", false],
    ]);
    expect(openSinks(read({ API_SNS_TOPIC_ARN: TOPIC }), outgoing())[0]?.ordered).toBe(false);
  });

  const SNS = `topicArn: "${TOPIC}"`;
  const URL_LINE = "url: https://x.example.org/";
  test.each<[title: string, env: () => NodeJS.ProcessEnv, fault: string]>([
    ["no list", () => fileOf("a: 1"), "sinks.yaml:1: sinks: "],
    [
      "another type",
      () => sinkOf("kafka"),
      "sinks.yaml:3: sinks.0.type: wanted one of sns, webhook",
    ],
    ["an unknown key", () => sinkOf("sns", SNS, "topic: x"), 'sinks.0: Unrecognized key: "topic"'],
    [
      "no topic",
      () => sinkOf("sns", "topicArn: x"),
      "sinks.yaml:4: sinks.0.topicArn: wanted a topic",
    ],
    [
      "another region than the topic's",
      () => sinkOf("sns", SNS, "region: eu-west-1"),
      "sinks.yaml:5: sinks.0.region: the topic is in eu-central-1",
    ],
    ["an unknown action", () => sinkOf("sns", SNS, "actions: [pushed]"), "sinks.0.actions.0: "],
    ["no action", () => sinkOf("sns", SNS, "actions: []"), "sinks.0.actions: "],
    [
      "a bad tag",
      () => sinkOf("sns", SNS, "tags: [a/b]"),
      'sinks.0.tags.0: "a/b" can match no tag',
    ],
    [
      "a bad namespace",
      () => sinkOf("sns", SNS, "namespaces: [a/b]"),
      "sinks.0.namespaces.0: a namespace is one path component",
    ],
    ["a bad repository", () => sinkOf("sns", SNS, "repositories: [A]"), "sinks.0.repositories.0: "],
    [
      "http to another machine",
      () => sinkOf("webhook", "url: http://x.example.org/", "secretFile: secret"),
      "sinks.yaml:4: sinks.0.url: wanted an https:// URL (or allowPlainHttp: true)",
    ],
    [
      "a metadata address",
      () => sinkOf("webhook", "url: https://[::ffff:a9fe:a9fe]/", "secretFile: secret"),
      "sinks.yaml:4: sinks.0.url: is a link-local or metadata address",
    ],
    [
      "a password in the URL",
      () => sinkOf("audit", "url: https://a:b@x.example.org/"),
      "sinks.0.url: must not hold a user name or password",
    ],
    ["no URL", () => sinkOf("audit", "url: x"), "sinks.0.url: wanted an https:// URL"],
    ["no secret", () => sinkOf("webhook", URL_LINE), "sinks.0.secretFile: "],
    [
      "a secret file that is missing",
      () => sinkOf("webhook", URL_LINE, "secretFile: none"),
      'sinks.0.secretFile: given "',
    ],
    [
      "a secret that is none",
      () => sinkOf("webhook", URL_LINE, "secretFile: bad-secret"),
      "bad-secret: given one of another form, wanted lines of whsec_ and base64 of 24 to 64 bytes",
    ],
    [
      "an empty token",
      () => sinkOf("audit", URL_LINE, "tokenFile: empty"),
      "empty: given an empty one, wanted printable ASCII",
    ],
    [
      "more time than an attempt has",
      () => sinkOf("sns", SNS, "timeoutSeconds: 15"),
      "sinks.0.timeoutSeconds: ",
    ],
    [
      "a name twice",
      () => fileOf(`sinks: [{name: a, type: sns, ${SNS}}, {name: a, type: sns, ${SNS}}]`),
      'sinks.1.name: "a" is there already',
    ],
    [
      "a bad name",
      () => fileOf(`sinks: [{name: A_b, type: sns, ${SNS}}]`),
      "sinks.0.name: wants a-z",
    ],
    ["an alias that leads nowhere", () => fileOf("sinks: [*nope]"), "sinks.yaml"],
  ])("is refused with file, line and key, and no secret: %s", (_title, env, fault) => {
    const faults = faultsOf(env());
    expect(faults).toContain("SINKS_FILE: ");
    expect(faults).toContain(fault);
    expect(faults).not.toContain("do-not-show-me");
  });

  test("may allow what is refused otherwise", () => {
    const url = "url: http://169.254.1.1/";
    const allow = ["allowPlainHttp: true", "allowLinkLocal: true"];
    expect(read(sinkOf("webhook", url, "secretFile: secret", ...allow)).sinks).toHaveLength(1);
  });
});
