import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { envReader } from "#service-kit/config.js";
import {
  jsonFetcher,
  ServiceUnreachable,
  type JsonQuestion,
} from "#service-kit/http/fetch-json.js";
import { outgoing, type Outgoing } from "#service-kit/http/outgoing.js";
import { readProxies } from "#service-kit/http/proxies.js";
import { tunnelAgent } from "#service-kit/http/tunnel-agent.js";
import { get } from "node:https";
import { eventually } from "#tests/support/eventually.js";
import { startForgetfulRelay } from "#tests/support/forgetful-relay.js";
import { startForwardProxy, type TestForwardProxy } from "#tests/support/forward-proxy.js";
import { trustedFronts, type TlsFront, type TrustedFronts } from "#tests/support/tls-front.js";
import { jsonService, type JsonService } from "../logins/support/json-service.js";

const CREDENTIALS = "gateway:hunter-2-nobody-may-see";
const PATIENCE = 5_000;

let service: JsonService;
let proxy: TestForwardProxy;
let fronts: TrustedFronts;
let front: TlsFront;
let open: Outgoing[];
beforeEach(async () => {
  service = await jsonService(() => ({ status: 200, body: { ok: true } }));
  proxy = await startForwardProxy(CREDENTIALS);
  fronts = await trustedFronts();
  front = await fronts.before(Number(new URL(service.url).port), ["service.example.org"]);
  open = [];
});
afterEach(async () => {
  for (const each of open) each.close();
  fronts.forget();
  await Promise.all([front.stop(), proxy.stop(), service.stop()]);
});

const proxiesOf = (env: Record<string, string>) => readProxies(envReader(env));
const both = (url = proxy.url()) => ({ HTTPS_PROXY: url, HTTP_PROXY: url });

function asking(env: Record<string, string>) {
  const connections = outgoing(proxiesOf(env));
  open.push(connections);
  const fetchJson = jsonFetcher(connections);
  return (url: string, question: JsonQuestion = {}, milliseconds = PATIENCE) =>
    fetchJson(new URL(url), question, milliseconds);
}

async function failureOf(asked: Promise<unknown>): Promise<string> {
  const error: unknown = await asked.then(
    () => null,
    (failure: unknown) => failure,
  );
  if (!(error instanceof ServiceUnreachable)) throw new Error(`no failure: ${String(error)}`);
  expect(error.status).toBeNull();
  expect(`${error.message} ${String(error.stack)}`).not.toContain("nobody-may-see");
  return error.message;
}

const plain = () => `http://service.example.org:${new URL(service.url).port}/a?b=c`;
const tls = () => `https://service.example.org:${front.port}/a?b=c`;
const KINDS = [
  ["http", plain, (url: string) => `GET ${url}`],
  ["https", tls, (url: string) => `CONNECT ${new URL(url).host}`],
] as const;

describe.each(KINDS)("a service that is asked by %s", (_kind, urlOf, lineOf) => {
  test("is asked by the proxy, which finds its address, on a connection that is kept", async () => {
    const ask = asking(both());
    for (let time = 0; time < 3; time += 1)
      expect(await ask(urlOf())).toEqual({ status: 200, body: { ok: true } });
    expect(service.asked).toHaveLength(3);
    expect(service.asked[0]).toMatchObject({ method: "GET", path: "/a" });
    expect(new Set(proxy.asked)).toEqual(new Set([lineOf(urlOf())]));
    expect(proxy.connections()).toBe(1);
  });

  test("gets a body by the proxy, too, and never the proxy's credentials", async () => {
    const ask = asking(both());
    const question = { method: "POST", headers: { authorization: "Bearer x" }, body: '{"a":1}' };
    expect((await ask(urlOf(), question)).status).toBe(200);
    expect(service.asked).toMatchObject([
      { method: "POST", authorization: "Bearer x", body: '{"a":1}' },
    ]);
  });

  test("is asked directly when NO_PROXY names it", async () => {
    const ask = asking({ ...both(), NO_PROXY: "service.example.org" });
    // Nobody but the proxy knows the name.
    expect(await failureOf(ask(urlOf()))).toMatch(
      /^service\.example\.org:\d+\/a could not be reached: failed with (?:ENOTFOUND|EAI_AGAIN)$/,
    );
    expect(proxy.asked).toEqual([]);
  });

  test("is asked directly on this machine", async () => {
    const ask = asking(both());
    expect(await ask(service.url)).toEqual({ status: 200, body: { ok: true } });
    expect(proxy.asked).toEqual([]);
  });

  test.each([
    ["wants other credentials", /(?:answered 407, it|proxy) wants other credentials$/],
    ["refuses connections", /failed with ECONNREFUSED$/],
    ["closes connections", /(?:the proxy closed the connection|failed with ECONNRESET)$/],
    ["says nothing", /no answer in time$/],
  ])("is not answered when the proxy %s, and the proxy is named", async (what, reason) => {
    const name = what === "refuses connections" ? "127.0.0.1:1" : proxy.name;
    if (what === "closes connections") proxy.meet("close");
    if (what === "says nothing") proxy.meet("silent");
    const wrong = what.includes("credentials")
      ? proxy.url("gateway:no-nobody-may-see")
      : proxy.url();
    const ask = asking(both(name === proxy.name ? wrong : `http://${CREDENTIALS}@${name}`));
    const failure = await failureOf(ask(urlOf(), {}, what === "says nothing" ? 200 : PATIENCE));
    expect(failure).toMatch(/^service\.example\.org:\d+\/a through the proxy /);
    expect(failure).toContain(`through the proxy ${name} could not be reached: `);
    expect(failure).toMatch(reason);
    expect(service.asked).toEqual([]);
  });
});

test.each([403, 410, 400, 401, 502])(
  "what a proxy answers to CONNECT is never taken for the service's answer: %d",
  async (status) => {
    proxy.meet(status);
    expect(await failureOf(asking(both())(tls()))).toMatch(
      new RegExp(`through the proxy .*: the proxy answered ${status}$`),
    );
  },
);

test("a certificate of another name is refused behind a proxy as well", async () => {
  const url = `https://other.example.org:${front.port}/`;
  expect(await failureOf(asking(both())(url))).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  expect(service.asked).toEqual([]);
});

test("a service that closes kept connections is asked once more, by the proxy", async () => {
  const relay = await startForgetfulRelay(service.url);
  const forgetful = await fronts.before(Number(new URL(relay.url).port), ["service.example.org"]);
  const ask = asking(both());
  for (let round = 0; round < 4; round += 1)
    expect((await ask(`https://service.example.org:${forgetful.port}/`)).status).toBe(200);
  const question = { method: "POST", body: "{}" };
  for (let round = 0; round < 4; round += 1)
    expect((await ask(`https://service.example.org:${forgetful.port}/`, question)).status).toBe(
      200,
    );
  expect(relay.met.length).toBeGreaterThan(0);
  expect(relay.met.filter((line) => line.startsWith("POST"))).toEqual([]);
  await forgetful.stop();
  await relay.stop();
});

describe("a tunnel that comes to nothing", () => {
  test.each(["silent", "silent tunnel"] as const)("is given up: %s", async (obstacle) => {
    proxy.meet(obstacle);
    const agent = tunnelAgent(proxiesOf(both()), { keepAlive: true }, 100);
    const failed = new Promise<NodeJS.ErrnoException>((resolve) => {
      get("https://service.example.org/", { agent }).on("error", resolve);
    });
    expect((await failed).code).toMatch(/^(?:ETIMEDOUT|ECONNRESET)$/);
    await eventually("no connection is left", () => proxy.connections() === 0, 5_000);
    expect(agent.requests).toEqual({});
  });

  test.each(["silent", "silent tunnel"] as const)(
    "keeps nobody waiting, and is ended with the others: %s",
    async (obstacle) => {
      proxy.meet(obstacle);
      const ask = asking(both());
      const began = performance.now();
      expect(await failureOf(ask(tls(), {}, 100))).toContain("no answer in time");
      // Node by itself would tell of it when the tunnel has been given up.
      expect(performance.now() - began).toBeLessThan(5_000);
      expect(proxy.connections()).toBe(1);
      for (const each of open) each.close();
      await eventually("no connection is left", () => proxy.connections() === 0, 5_000);
    },
  );
});
