import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { MOST_UNANSWERED } from "#service-kit/http/admission.js";
import { ask } from "#tests/support/http-client.js";
import { registryClient } from "#tests/support/registry-client.js";
import { startTestStack, type TestStack } from "#tests/support/stack.js";
import { startAttackers } from "./support/attackers.js";

/** Latencies count where the machine does nothing else; everywhere, nobody may be refused. */
const isWhole = process.env["ATTACKS"] === "all";
const MILLISECONDS = isWhole ? 5_000 : 700;
const ATTACKERS = 64;
const PULLERS = 4;
const MOST_P99_MILLISECONDS = 250;

const KIB = 1024;
const fill = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i)).join("\r\n");
const post = (target: string, length: number, more = "") =>
  `POST ${target} HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n${more}\r\n`;
const FORM = "Content-Type: application/x-www-form-urlencoded\r\n";
const get = (target: string, headers = "X: 1") =>
  `GET ${target} HTTP/1.1\r\nHost: a\r\n${headers}\r\n\r\n`;
const NESTED = "[".repeat(2_000_000) + "]".repeat(2_000_000);
const PUT = `PUT /v2/alpha/app/manifests/2.0 HTTP/1.1\r\nHost: a\r\nContent-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: ${NESTED.length}\r\n`;

type Port = "gateway" | "gatewayMetrics" | "gatewayNotifications" | "tokenServer";

/** Every limit of docs/limits.md, used to the full at the ports where it is. */
// prettier-ignore
const ATTACKS: readonly (readonly [what: string, ports: readonly Port[], bytes: (bearer: string) => string | Buffer, drops?: number])[] = [
  ["99 headers, 31 KiB", ["gateway", "tokenServer", "gatewayNotifications", "gatewayMetrics"], () => get("/v2/", fill(97, (i) => `X-${i}: ${"x".repeat(310)}`))],
  ["1,010 headers", ["gateway", "tokenServer", "gatewayNotifications", "gatewayMetrics"], () => get("/v2/", fill(1010, () => "a: b"))],
  ["heads without an end", ["gateway", "tokenServer", "gatewayNotifications", "gatewayMetrics"], () => "GET / HTTP/1.1\r\nX: ", 10],
  ["bodies without an end", ["gateway", "tokenServer"], () => post("/token", 60_000, FORM), 10],
  ["forms of 64 KiB", ["gateway", "tokenServer"], () => post("/token", 64 * KIB, FORM) + "a=b&".repeat(16 * KIB)],
  ["JSON of 64 KiB, nested", ["gateway", "tokenServer"], () => post("/api/v1/explain", 64 * KIB, "Content-Type: application/json\r\n") + "[".repeat(64 * KIB)],
  ["as many requests at once as may be", ["gateway", "tokenServer"], () => get("/token?service=wharfinger").repeat(MOST_UNANSWERED)],
  ["layers of 8 MiB without a login", ["gateway"], () => Buffer.concat([Buffer.from(post("/v2/alpha/app/blobs/uploads/?digest=x", 8 * KIB * KIB)), Buffer.alloc(8 * KIB * KIB)])],
  ["manifests of 2 million brackets", ["gateway"], (bearer) => `${PUT}Authorization: ${bearer}\r\n\r\n${NESTED}`],
  ["notifications of 4 MiB without the secret", ["gatewayNotifications"], () => Buffer.concat([Buffer.from(post("/hooks/registry", 4 * KIB * KIB)), Buffer.alloc(4 * KIB * KIB)])],
  ["metrics, again and again", ["gatewayMetrics"], () => get("/metrics")],
  ["connections without a byte", ["gateway", "tokenServer", "gatewayNotifications", "gatewayMetrics"], () => ""],
];

let stack: TestStack;
let ports: Record<string, number>;
let bearer: string;
let pullable: { target: string; headers: Record<string, string> };

beforeAll(async () => {
  stack = await startTestStack();
  const addresses = await stack.addresses();
  ports = Object.fromEntries(
    Object.entries(addresses).map(([name, url]) => [name, Number(new URL(url).port)]),
  );
  const alice = registryClient(stack.url, "alice-token");
  await alice.push("alpha/app", "1.0", "pulled by others");
  bearer = `Bearer ${await alice.token("repository:alpha/app:pull,push")}`;
  const bob = registryClient(stack.url, "bob-token");
  const Authorization = `Bearer ${await bob.token("repository:alpha/app:pull")}`;
  const Accept = "application/vnd.oci.image.manifest.v1+json";
  pullable = { target: "/v2/alpha/app/manifests/1.0", headers: { Authorization, Accept } };
  const quiet = percentile(await pullFor(MILLISECONDS), 99);
  if (isWhole) console.log(`| nobody | | | | ${quiet} ms | |`);
});
afterAll(() => stack.stop());

const RUNS = ATTACKS.flatMap(([what, at, bytes, drops]) =>
  at.map((port) => ({ what, port, bytes, drops })),
);

describe(`while ${ATTACKERS} connections use a limit to the full, others pull`, () => {
  test.each(RUNS)("$what, at $port", async ({ what, port, bytes, drops }) => {
    await loopDelay();
    let ended = 0;
    const attackers = await startAttackers(ATTACKERS, {
      port: ports[port] ?? 0,
      bytes: bytes(bearer),
      ...(drops === undefined ? {} : { drops }),
    });
    const took = await pullFor(MILLISECONDS).finally(async () => {
      ended = await attackers.stop();
    });
    const rate = Math.round((ended * 1000) / MILLISECONDS);
    if (!isWhole) return;
    console.log(
      `| ${what} | ${port} | ${rate}/s | ${percentile(took, 50)} ms | ${percentile(took, 99)} ms | ${await loopDelay()} ms |`,
    );
    expect(percentile(took, 99)).toBeLessThan(MOST_P99_MILLISECONDS);
  });
});

/** @returns how long pulls of others took in that time, in milliseconds, sorted */
async function pullFor(milliseconds: number): Promise<number[]> {
  const until = performance.now() + milliseconds;
  const took: number[] = [];
  const pull = async () => {
    while (performance.now() < until) {
      const began = performance.now();
      const answer = await ask(stack.url, pullable.target, { headers: pullable.headers });
      took.push(performance.now() - began);
      expect(answer.status).toBe(200);
    }
  };
  await Promise.all(Array.from({ length: PULLERS }, pull));
  return took.sort((a, b) => a - b);
}

function percentile(sorted: readonly number[], percent: number): number {
  return Math.round(sorted[Math.ceil((sorted.length * percent) / 100) - 1] ?? Infinity);
}

/** @returns how late the gateway's event loop came round since this was asked last, p99 in milliseconds */
async function loopDelay(): Promise<number> {
  const answer = await ask(`http://127.0.0.1:${ports["gatewayMetrics"] ?? 0}`, "/metrics");
  const text = answer.body.toString();
  return Math.round(Number(/^event_loop_delay_seconds\{at="p99"\} (\S+)$/m.exec(text)?.[1]) * 1000);
}
