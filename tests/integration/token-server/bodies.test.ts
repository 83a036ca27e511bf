import type { AddressInfo } from "node:net";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { httpListener, type HttpListener } from "#service-kit/http/server.js";
import { createMetrics } from "#service-kit/metrics.js";
import { statusAwaitingContinue, statusesWithoutBody } from "#tests/support/empty-bodies.js";
import { eventually } from "#tests/support/eventually.js";
import { answersIn, ask, errorOf } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const ROBOTS = "/api/v1/teams/alpha/robots";
const ALICE = `Basic ${Buffer.from("oauth2:alice-token").toString("base64")}`;
const JSON_TYPE = "application/json";
const FORM_TYPE = "application/x-www-form-urlencoded";

let server: TestTokenServer;
let listener: HttpListener;
let port: number;
let url: string;

beforeAll(async () => {
  server = await startTestTokenServer();
  const fixed = { name: "public", host: "127.0.0.1", port: 0, drainSeconds: 0, idleSeconds: 60 };
  const connections = { inAll: 100, perSource: 100, isTrusted: () => false };
  const deps = { log: SILENT, metrics: createMetrics() };
  listener = httpListener({ ...fixed, connections }, server.app, deps);
  await listener.start();
  ({ port } = listener.server.address() as AddressInfo);
  url = `http://127.0.0.1:${port}`;
});
afterAll(async () => {
  await listener.stop();
  await server.stop();
});

const post = (target: string, body: string, headers: Record<string, string> = {}) =>
  ask(url, target, {
    method: "POST",
    body,
    headers: { Authorization: ALICE, "Content-Type": JSON_TYPE, ...headers },
  });

describe("no body is no body, however a client says so:", () => {
  test.each([
    ["GET /token?service=wharfinger", 200],
    ["GET /api/v1/explain?action=pull&repository=alpha/app", 200],
    ["GET /api/v1/refresh-tokens", 200],
    ["DELETE /api/v1/refresh-tokens", 200],
    [`GET ${ROBOTS}`, 200],
    ["GET /.well-known/jwks.json", 200],
    ["GET /.well-known/health", 200],
    ["HEAD /ready", 200],
    ["GET /nothing", 404],
  ])("%s", async (line, status) => {
    const headers = [`Authorization: ${ALICE}`];
    const statuses = await statusesWithoutBody(port, line, headers);
    expect(new Set(Object.values(statuses))).toEqual(new Set([status]));
    expect(await statusAwaitingContinue(port, line, headers)).toBe(status);
  });
});

describe("nothing of a body is read before it is known whose it is", () => {
  const NO_LOGIN = `Basic ${Buffer.from("oauth2:nobody-token").toString("base64")}`;

  test.each([ROBOTS, `${ROBOTS}/ci/rotate`, "/api/v1/explain"])("at %s", async (target) => {
    for (const authorization of [null, NO_LOGIN]) {
      const text = await withoutBody(target, authorization);
      expect(answersIn(text)[0]?.status).toBe(401);
      expect(text).toMatch(/^connection: close/im);
    }
  });

  test("and a broken one is none of a stranger's business", async () => {
    const answer = await post(ROBOTS, "{broken", { Authorization: NO_LOGIN });
    expect(answer.status).toBe(401);
  });

  /** Sends a head that announces a body, and not a byte of it. */
  async function withoutBody(target: string, authorization: string | null) {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    const head = [
      `POST ${target} HTTP/1.1`,
      "Host: a",
      `Content-Type: ${JSON_TYPE}`,
      "Content-Length: 500",
      ...(authorization === null ? [] : [`Authorization: ${authorization}`]),
    ];
    socket.write(`${head.join("\r\n")}\r\n\r\n`);
    await eventually("the answer", () => text.includes("}"));
    socket.destroy();
    return text;
  }
});

describe("the JSON of a request", () => {
  const deep = (levels: number) => `${"[".repeat(levels)}${"]".repeat(levels)}`;

  test.each([
    ["that is broken", "{secret-word"],
    ["with a key twice", '{"name":"a","name":"secret-word"}'],
    ["with a NUL", '{"name":"secret-word\\u0000"}'],
    ["with half a surrogate pair", '{"name":"secret-word\\ud800"}'],
    ["that is too deep", `{"secret-word":${deep(40)}}`],
    ["that is far too deep", deep(30_000)],
    ["behind a byte order mark", '\ufeff{"name":"secret-word"}'],
    ["with something behind it", '{"name":"a"} secret-word'],
  ])("%s is refused without being repeated", async (_what, body) => {
    const answer = await post(ROBOTS, body);
    expect(answer.status).toBe(400);
    expect(errorOf(answer).message).toMatch(/^the body is not JSON as it is wanted/);
    expect(answer.body.toString()).not.toContain("secret-word");
  });

  test("that is no UTF-8 is refused", async () => {
    const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.of(0xff), Buffer.from('"}')]);
    const headers = { Authorization: ALICE, "Content-Type": JSON_TYPE };
    const answer = await ask(url, ROBOTS, { method: "POST", body, headers });
    expect(answer.status).toBe(400);
  });

  test("that is larger than 64 KiB is refused, with or without its length", async () => {
    const body = JSON.stringify({ name: "a".repeat(70_000) });
    expect((await post(ROBOTS, body)).status).toBe(413);
    expect((await post(ROBOTS, body, { "Transfer-Encoding": "chunked" })).status).toBe(413);
  });

  test("that is none but could be a page's form is refused", async () => {
    expect((await post(ROBOTS, "{}", { "Content-Type": "text/plain" })).status).toBe(415);
  });

  test("is taken when there is nothing wrong with it", async () => {
    const robot = { name: "ci", grants: [{ repositories: "alpha/**", actions: ["pull"] }] };
    expect((await post(ROBOTS, JSON.stringify(robot))).status).toBe(201);
    expect((await post(`${ROBOTS}/ci/rotate`, "")).status).toBe(200);
    expect((await post(`${ROBOTS}/ci/rotate`, '{"expiresInDays":3}')).status).toBe(200);
  });
});

describe("the form of POST /token", () => {
  const form = "grant_type=password&service=wharfinger&username=oauth2&password=alice-token";

  test("is a form and nothing else", async () => {
    expect((await post("/token", form, { "Content-Type": FORM_TYPE })).status).toBe(200);
    for (const type of [JSON_TYPE, "text/plain", "multipart/form-data; boundary=x"])
      expect((await post("/token", form, { "Content-Type": type })).status).toBe(415);
  });

  test("is no larger than 64 KiB", async () => {
    const body = `${form}&x=${"x".repeat(70_000)}`;
    const answer = await post("/token", body, { "Content-Type": FORM_TYPE });
    expect(answer.status).toBe(413);
  });

  test("has fifteen seconds at most, and a byte a second is too slow", async () => {
    const socket = connect(port, "127.0.0.1");
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    const head = `POST /token HTTP/1.1\r\nHost: a\r\nContent-Type: ${FORM_TYPE}\r\nContent-Length: 5000`;
    socket.write(`${head}\r\n\r\n`);
    const drops = setInterval(() => socket.write("x"), 1_000);
    await eventually("the answer", () => text.includes("}"));
    clearInterval(drops);
    socket.destroy();
    expect(answersIn(text)[0]?.status).toBe(408);
  });
});

test("a path that cannot be decoded is the client's mistake", async () => {
  const headers = { Authorization: ALICE };
  expect((await ask(url, "/api/v1/teams/%zz/robots", { headers })).status).toBe(400);
});
