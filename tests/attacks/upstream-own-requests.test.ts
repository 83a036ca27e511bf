import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { wholeRequests, type Ask } from "#gateway/upstream/whole-request.js";
import { eventually } from "#tests/support/eventually.js";
import {
  plainAnswer,
  startScriptedUpstream,
  type Script,
  type ScriptedUpstream,
} from "./support/scripted-upstream.js";

const TARGET = "/v2/alpha/app/manifests/1.0";
const BODY = "GET /hidden HTTP/1.1\r\nHost: r\r\n\r\n";

let upstream: ScriptedUpstream;
let ask: Ask;

beforeEach(async () => {
  upstream = await startScriptedUpstream();
  ask = wholeRequests(upstream.url);
});
afterEach(() => upstream.stop());

/** Answers the first request with bytes, and all others with their own request line. */
function first(bytes: string): Script {
  let isFirst = true;
  return (socket, text) => {
    const isWhole = text.startsWith("PUT") ? text.includes(BODY) : text.endsWith("\r\n\r\n");
    if (!isWhole) return;
    if (isFirst) socket.write(bytes);
    else socket.write(plainAnswer(text.split("\r\n")[0] ?? ""));
    isFirst = false;
  };
}

const get = () => ask({ target: TARGET, method: "GET", headers: {}, milliseconds: 5_000 });

describe("a connection for the gateway's own requests to the registry is not used again after", () => {
  test.each<[string, string]>([
    ["an answer behind the right one", plainAnswer("x") + plainAnswer("poison")],
    ["an interim answer", `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${plainAnswer("x")}`],
    ["leave to send a body", `HTTP/1.1 100 Continue\r\n\r\n${plainAnswer("x")}`],
    ["a change of protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"],
    ["two framings", "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"],
  ])("%s", async (_what, bytes) => {
    upstream.answerWith(first(bytes));
    const body = Buffer.from(BODY);
    const put = ask({ target: TARGET, method: "PUT", headers: {}, body, milliseconds: 5_000 });
    await put.catch(() => undefined);
    for (let i = 0; i < 3; i += 1)
      expect((await get()).body.toString()).toBe(`GET ${TARGET} HTTP/1.1`);
    await eventually("the first one is closed", () => upstream.connections[0]?.isClosed === true);
    expect(upstream.connections[0]?.text.match(/ HTTP\/1\.1\r\n/g)).toHaveLength(2);
  });

  test("the registry has spoken unasked", async () => {
    const sockets: Parameters<Script>[0][] = [];
    upstream.answerWith((socket, text) => {
      sockets.push(socket);
      socket.write(plainAnswer(text.split("\r\n")[0] ?? ""));
    });
    await get();
    sockets[0]?.write(plainAnswer("poison"));
    await eventually("it is closed", () => upstream.connections[0]?.isClosed === true);
    expect((await get()).body.toString()).toBe(`GET ${TARGET} HTTP/1.1`);
  });

  test("an answer that did not come in time", async () => {
    upstream.answerWith(first(""));
    const late = { target: TARGET, method: "GET", headers: {}, milliseconds: 100 } as const;
    await expect(ask(late)).rejects.toThrow("timeout");
    await eventually("it is closed", () => upstream.connections[0]?.isClosed === true);
    expect((await get()).body.toString()).toBe(`GET ${TARGET} HTTP/1.1`);
  });
});
