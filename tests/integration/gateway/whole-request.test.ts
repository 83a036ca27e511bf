import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { wholeRequests, type Ask, type WholeRequest } from "#gateway/upstream/whole-request.js";
import { startUpstream, takeAll, type UpstreamDouble } from "#tests/support/upstream-double.js";

const REQUEST: WholeRequest = {
  target: "/v2/alpha/app/manifests/1.0?a=%2F",
  method: "HEAD",
  headers: { Authorization: "Bearer token" },
  milliseconds: 10_000,
};

let server: UpstreamDouble;
let ask: Ask;

beforeAll(async () => {
  server = await startUpstream();
  ask = wholeRequests(server.url);
});
beforeEach(() => {
  server.answerWith(takeAll);
});
afterAll(() => server.stop());

describe("a request in one piece", () => {
  test("reaches the server byte for byte, with its length", async () => {
    const body = Buffer.from("content");
    const { status } = await ask({ ...REQUEST, method: "PUT", body });
    expect(status).toBe(200);
    const [seen] = server.seen;
    expect(seen).toMatchObject({ method: "PUT", target: REQUEST.target, body: "content" });
    expect(seen?.headers).toMatchObject({
      authorization: "Bearer token",
      "content-length": "7",
    });
  });

  test("goes below the path that the server's URL has", async () => {
    await wholeRequests(`${server.url}/mirror/`)(REQUEST);
    expect(server.seen[0]?.target).toBe(`/mirror${REQUEST.target}`);
  });

  test("is answered with status, headers and body as they are", async () => {
    server.answerWith((_req, res) => {
      res.writeHead(404, { Link: ["<a>", "<b>"], "X-One": "1" }).end("gone");
    });
    const answer = await ask({ ...REQUEST, method: "GET" });
    expect(answer.status).toBe(404);
    expect(answer.headers.get("x-one")).toBe("1");
    expect(answer.headers.get("link")).toBe("<a>, <b>");
    expect(answer.body.toString()).toBe("gone");
  });

  test("uses the connection of the one before, also after a HEAD; a write has one of its own", async () => {
    const ports: (number | undefined)[] = [];
    server.answerWith((req, res) => {
      ports.push(req.socket.remotePort);
      req.resume();
      res.writeHead(200, { "Content-Length": 2 }).end(req.method === "HEAD" ? undefined : "{}");
    });
    for (const method of ["HEAD", "GET", "HEAD", "PUT", "DELETE"] as const)
      await ask({ ...REQUEST, method });
    const [first, second, third, ...writes] = ports;
    expect([second, third]).toEqual([first, first]);
    expect(new Set([first, ...writes]).size).toBe(3);
  });

  test("fails when its answer is cut off, stalls, or never comes", async () => {
    const soon = { ...REQUEST, method: "GET", milliseconds: 200 } as const;
    server.answerWith((_req, res) => {
      res.writeHead(200, { "Content-Length": 10 }).write("half", () => res.destroy());
    });
    await expect(ask({ ...soon, milliseconds: 10_000 })).rejects.toThrow(/aborted|cut off/);
    server.answerWith((_req, res) => {
      res.writeHead(200, { "Content-Length": 10 }).write("half");
    });
    await expect(ask(soon)).rejects.toThrow(/abort/i);
    server.answerWith(() => undefined);
    await expect(ask(soon)).rejects.toThrow(/abort|timeout/i);
  });

  test("fails when the server has gone since the one before", async () => {
    const away = await startUpstream();
    const askAway = wholeRequests(away.url);
    await askAway(REQUEST);
    await away.stop();
    await expect(askAway(REQUEST)).rejects.toThrow(/ECONN|hang up/);
  });
});
