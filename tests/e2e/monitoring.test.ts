import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { ROWS } from "../../deploy/monitoring/panels.js";
import { REPOSITORY_ROOT } from "#local/repository-root.js";
import { findDebianPackage } from "#tests/support/debian-package.js";
import { keptSelfSigned } from "#service-kit/tls/self-signed.js";
import { eventually } from "#tests/support/eventually.js";
import { startPrometheus, type Prometheus } from "#tests/support/prometheus.js";
import { registryClient } from "#tests/support/registry-client.js";
import { serviceBeside, type ServiceBeside } from "#tests/support/service-beside.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";

interface Rule {
  readonly alert?: string;
  readonly record?: string;
  readonly expr: string;
}

/** Of Node itself, as prom-client has them everywhere. */
const OF_NODE = /^(nodejs|process)_/;
/** Functions, words and labels of PromQL are no metrics. */
const IN_BRACES = /\{[^}]*\}/g;
const GROUPING = /\b(?:by|without|ignoring|on|group_left)\s*\([^)]*\)/g;
const WORDS =
  /\b(?:sum|max|min|rate|increase|count|absent|vector|time|and|or|histogram_quantile|__rate_interval)\b/g;

const found = await findDebianPackage("prometheus");
if (typeof found === "string") console.warn(`SKIPPED: queries to Prometheus: ${found}`);
const whenThere = typeof found === "string" ? test.skip : test;

const RULES = readdirSync(join(REPOSITORY_ROOT, "deploy/monitoring/prometheus/rules")).flatMap(
  (name) => {
    const text = readFileSync(
      join(REPOSITORY_ROOT, "deploy/monitoring/prometheus/rules", name),
      "utf8",
    );
    return (parse(text) as { groups: { rules: Rule[] }[] }).groups.flatMap(({ rules }) => rules);
  },
);
const RECORDED = RULES.flatMap(({ record }) => (record === undefined ? [] : [record]));
const PANELS = ROWS.flatMap(({ panels }) =>
  panels.flatMap(({ title, queries }) => queries.map(({ expr }) => [title, expr] as const)),
);

let stack: TestStack;
let gateway: ServiceBeside;
let folder: TemporaryFolder;
let prometheus: Prometheus | null = null;
/** Names of metrics with those of histograms' parts. */
let exposed: Set<string>;
let families: Set<string>;

beforeAll(async () => {
  [stack, folder] = await Promise.all([startTestStack(), temporaryFolder()]);
  // What has TLS shows more.
  const [now, names] = [Math.floor(Date.now() / 1_000), ["localhost"]];
  const asked = { names, now, endsAt: now + 400 * 86_400 };
  const tls = await keptSelfSigned(join(folder.path, "tls"), asked, 86_400);
  gateway = await serviceBeside(stack, "gateway", {
    ...{ GATEWAY_PROCESSES: "2" },
    ...{ TLS_CERTIFICATE_FILE: tls.certificateFile, TLS_KEY_FILE: tls.keyFile },
  });
  await gateway.start();
  const { gatewayMetrics = "", tokenServerMetrics = "" } = await stack.addresses();
  const beside = `http://127.0.0.1:${metricsPortOf(gateway)}`;
  const texts = await Promise.all([gatewayMetrics, beside, tokenServerMetrics].map(metricsAt));
  families = new Set(texts.flatMap((text) => familiesIn(text).map(([name]) => name)));
  exposed = new Set(texts.flatMap((text) => familiesIn(text).flatMap(partsOf)));
  if (typeof found === "string") return;
  const host = (url: string) => new URL(url).host;
  prometheus = await startPrometheus(found, folder.path, {
    gateway: [host(gatewayMetrics), host(beside)],
    "token-server": [host(tokenServerMetrics)],
  });
  await work(stack.url);
}, 240_000);
afterAll(async () => {
  await prometheus?.stop();
  await gateway.stop();
  await stack.stop();
  await folder.remove();
}, 60_000);

describe("the table of metrics in docs/operations.md", () => {
  test("has what gateways and token servers show at /metrics, and nothing else", () => {
    const text = readFileSync(join(REPOSITORY_ROOT, "docs", "operations.md"), "utf8");
    const table = /\n## Metrics\n[^]*?\n## /.exec(text)?.[0] ?? "";
    const rows = [...table.matchAll(/^\| (`.*?`) +\|/gm)].flatMap(([, cell = ""]) =>
      [...cell.matchAll(/`([\w*]+)`/g)].map(([, name = ""]) => name),
    );
    const shown = [...families].filter((name) => !OF_NODE.test(name));
    const isOf = (row: string, name: string) =>
      row.endsWith("*") ? name.startsWith(row.slice(0, -1)) : row === name;
    expect(shown.length).toBeGreaterThan(40);
    expect(shown.filter((name) => !rows.some((row) => isOf(row, name)))).toEqual([]);
    expect(rows.filter((row) => !shown.some((name) => isOf(row, name)))).toEqual([]);
  });
});

describe("a running stack", () => {
  test.each([
    ...PANELS.map(([title, expr]) => [`the panel "${title}"`, expr] as const),
    ...RULES.map(
      ({ alert, record, expr }) => [alert ?? record ?? "", expr.replaceAll(/\s+/g, " ")] as const,
    ),
  ])("has every metric that %s asks for: %s", (_name, expr) => {
    const named = metricsIn(expr);
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((name) => !exposed.has(name) && !isOfPrometheus(name))).toEqual([]);
  });

  whenThere("answers every query of the dashboard, and every recording rule", async () => {
    const queries = [...PANELS.map(([, expr]) => expr), ...RECORDED].map((expr) =>
      expr.replaceAll("$__rate_interval", "1m"),
    );
    const silent = new Set(queries);
    await eventually(
      "an answer with lines to each",
      async () => {
        for (const expr of silent) if ((await ask(expr)).length > 0) silent.delete(expr);
        return silent.size === 0;
      },
      90_000,
    ).catch((error: unknown) => {
      throw new Error([...silent].join("\n"), { cause: error });
    });
  });

  whenThere(
    "can be asked by every alert, and raises none of those that would wake somebody",
    async () => {
      for (const { alert, expr } of RULES) if (alert !== undefined) await ask(expr);
      expect(await ask('ALERTS{alertstate="firing", severity="page"}')).toEqual([]);
    },
  );
});

async function ask(expr: string): Promise<readonly object[]> {
  if (prometheus === null) throw new Error("no Prometheus");
  return prometheus.query(expr);
}

/** A little of everything that is counted. */
async function work(url: string): Promise<void> {
  const alice = registryClient(url, "alice-token");
  await alice.push("alpha/app", "1.0", "one");
  await alice.push("alpha/app", "1.0", "two").catch(() => undefined);
  await alice.manifest("alpha/app", "1.0");
  await fetch(`${url}/token?service=wharfinger`, {
    headers: { authorization: `Basic ${Buffer.from("oauth2:nobody").toString("base64")}` },
  });
}

async function metricsAt(url: string): Promise<string> {
  return (await fetch(new URL("/metrics", url))).text();
}

function metricsPortOf(service: ServiceBeside): number {
  for (const line of service
    .output()
    .split("\n")
    .filter((text) => text.startsWith("{"))) {
    const { event, listener, port } = JSON.parse(line) as Record<string, unknown>;
    if (event === "listening" && listener === "metrics" && typeof port === "number") return port;
  }
  throw new Error(`no listener for metrics:\n${service.output()}`);
}

function familiesIn(text: string): (readonly [name: string, type: string])[] {
  const types = text.matchAll(/^# TYPE (\w+) (\w+)$/gm);
  return [...types].map(([, name = "", type = ""]) => [name, type] as const);
}

function partsOf([name, type]: readonly [name: string, type: string]): string[] {
  return type === "histogram" ? ["_bucket", "_sum", "_count"].map((part) => name + part) : [name];
}

/** What an expression of PromQL asks for. */
function metricsIn(expr: string): string[] {
  const bare = expr
    .replaceAll(IN_BRACES, "")
    .replaceAll(GROUPING, "")
    .replaceAll(/\[[^\]]*\]/g, "");
  return bare.replaceAll(WORDS, "").match(/[a-z_][\w:]*/gi) ?? [];
}

/** What it has itself, and what rules record: that they answer is asked below. */
function isOfPrometheus(name: string): boolean {
  return ["up", "ALERTS"].includes(name) || RECORDED.includes(name);
}
