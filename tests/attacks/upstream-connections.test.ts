import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { answersIn, ask, rawExchange } from "#tests/support/http-client.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";
import {
  plainAnswer,
  startScriptedUpstream,
  type Script,
  type ScriptedUpstream,
} from "./support/scripted-upstream.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const BLOB = `/v2/alpha/app/blobs/${DIGEST}`;
const UPLOADS = "/v2/alpha/app/blobs/uploads/";
const LAYER_BYTES = 12 * 1024 * 1024;

let authority: TokenAuthority;
let upstream: ScriptedUpstream;
let gateway: TestGateway;
let bearer: string;

beforeAll(async () => {
  authority = await startTokenAuthority();
  upstream = await startScriptedUpstream();
  const tokenServerUrl = authority.server.url;
  gateway = await startGateway({ registryUrl: upstream.url, tokenServerUrl });
  bearer = await authority.bearer(["pull", "push"]);
});
beforeEach(() => {
  upstream.answerWith(echo);
});
afterAll(async () => {
  await gateway.stop();
  await upstream.stop();
  await authority.server.stop();
});

/** Answers every request with its own request line, once its head is whole. */
const echo: Script = (socket, text) => {
  const last = text.slice(0, -4).split("\r\n\r\n").at(-1) ?? "";
  if (text.endsWith("\r\n\r\n")) socket.write(plainAnswer(last.split("\r\n")[0] ?? ""));
};

/** Answers the first request with bytes, and all others as they should be. */
function first(answer: (socket: Parameters<Script>[0]) => void): Script {
  let isFirst = true;
  return (socket, text) => {
    if (!text.endsWith("\r\n\r\n")) return;
    if (isFirst) answer(socket);
    else echo(socket, text);
    isFirst = false;
  };
}

describe("a connection to the registry", () => {
  test("is used again after exchanges that went as they should", async () => {
    for (let i = 0; i < 5; i += 1) expect((await pull()).status).toBe(200);
    expect(upstream.connections).toHaveLength(1);
  });

  test.each<[string, string, number]>([
    ["an answer with a length and chunks", both(), 503],
    ["an answer with two lengths", twoLengths(), 503],
    ["an answer that nobody asked for behind the right one", twice(), 200],
    ["bytes that are no answer behind the right one", `${plainAnswer("x")}SSH-2.0`, 200],
    ["an interim answer", `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n${plainAnswer("x")}`, 200],
    [
      "leave to send a body that there is not",
      `HTTP/1.1 100 Continue\r\n\r\n${plainAnswer("x")}`,
      200,
    ],
    ["a change of protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", 503],
    ["an answer that ends with the connection", "HTTP/1.0 200 OK\r\n\r\nx", 200],
    ["an answer that closes", plainAnswer("x", "HTTP/1.1 200 OK\r\nConnection: close"), 200],
    ["a header that is folded", "HTTP/1.1 200 OK\r\nX: a\r\n b\r\nContent-Length: 1\r\n\r\nx", 503],
    ["a refusal of the gateway's token", plainAnswer("{}", "HTTP/1.1 401 Unauthorized"), 503],
    ["no HTTP at all", "SSH-2.0-OpenSSH\r\n\r\n", 503],
  ])("is not used again after %s", async (_what, bytes, status) => {
    upstream.answerWith(
      first((socket) => {
        socket.write(bytes);
        if (bytes.startsWith("HTTP/1.0")) socket.end();
      }),
    );
    expect((await pull()).status).toBe(status);
    for (let i = 0; i < 3; i += 1) {
      const answer = await pull();
      expect([answer.status, answer.body.toString()]).toEqual([200, `GET ${BLOB} HTTP/1.1`]);
    }
    expect(upstream.connections.length).toBeGreaterThan(1);
    await eventually("the first one is closed", () => upstream.connections[0]?.isClosed === true);
    expect(upstream.connections[0]?.text.match(/HTTP\/1\.1\r\n/g)).toHaveLength(1);
  });

  test("is not used again after the registry has spoken unasked", async () => {
    const sockets: Parameters<Script>[0][] = [];
    upstream.answerWith((socket, text) => {
      sockets.push(socket);
      echo(socket, text);
    });
    await pull();
    sockets[0]?.write(plainAnswer("poison"));
    await eventually("it is closed", () => upstream.connections[0]?.isClosed === true);
    expect((await pull()).body.toString()).toBe(`GET ${BLOB} HTTP/1.1`);
  });

  test("is not used again after a client has left in the middle of an answer", async () => {
    upstream.answerWith(
      first((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")),
    );
    const outgoing = request(`${gateway.url}${BLOB}`, { headers: { Authorization: bearer } });
    outgoing.on("error", () => undefined).end();
    const answer = await answerTo(outgoing);
    await once(answer, "data");
    outgoing.destroy();
    await eventually("it is closed", () => upstream.connections[0]?.isClosed === true);
    expect((await pull()).status).toBe(200);
  });

  test("is not used again after a client has sent less than it announced", async () => {
    const socket = connect(gateway.port, "127.0.0.1");
    socket.on("error", () => undefined).resume();
    const head = `PATCH ${UPLOADS}s1 HTTP/1.1\r\nHost: g\r\nAuthorization: ${bearer}`;
    socket.write(`${head}\r\nContent-Length: 100\r\n\r\nGET /v2/ HTTP/1.1\r\n`);
    await eventually("the upload has begun", () =>
      (upstream.connections.at(-1)?.text ?? "").endsWith("GET /v2/ HTTP/1.1\r\n"),
    );
    socket.end();
    await eventually("it is closed", () => upstream.connections.at(-1)?.isClosed === true);
    expect((await pull()).body.toString()).toBe(`GET ${BLOB} HTTP/1.1`);
  });

  test.each(["Content-Length", "Transfer-Encoding"])(
    "is not used again after an answer before the whole body, framed by %s; the client hears it",
    async (framing) => {
      const sockets: Parameters<Script>[0][] = [];
      upstream.answerWith((socket, text) => {
        if (text.startsWith("GET")) echo(socket, text);
        else if (!socket.isPaused()) {
          socket.pause();
          socket.write(plainAnswer("", `HTTP/1.1 202 Accepted\r\nLocation: ${UPLOADS}s1`));
          sockets.push(socket);
        }
      });
      const headers = {
        Authorization: bearer,
        [framing]: framing === "Content-Length" ? LAYER_BYTES : "chunked",
      };
      const url = `${gateway.url}${UPLOADS}s1`;
      const outgoing = request(url, { method: "PATCH", agent: false, headers });
      outgoing.on("error", () => undefined);
      outgoing.write(Buffer.alloc(LAYER_BYTES / 2));
      const answer = await answerTo(outgoing);
      expect(answer.statusCode).toBe(202);
      expect(answer.headers.connection).toBe("close");
      expect(answer.headers.location).toBe(`${UPLOADS}s1`);
      outgoing.destroy();
      // Only who reads notices the end of a connection.
      sockets[0]?.removeAllListeners("data").resume();
      await eventually("it is closed", () => upstream.connections.at(-1)?.isClosed === true);
      expect((await pull()).body.toString()).toBe(`GET ${BLOB} HTTP/1.1`);
    },
  );
});

describe("what no registry client sends is refused, and the connection with it", () => {
  test.each([
    ["a body of a GET", `GET ${BLOB} HTTP/1.1`, "Content-Length: 1", "x", 400],
    ["a body of a DELETE", `DELETE ${UPLOADS}s1 HTTP/1.1`, "Content-Length: 1", "x", 400],
    [
      "a chunked body of a HEAD",
      `HEAD ${BLOB} HTTP/1.1`,
      "Transfer-Encoding: chunked",
      "1\r\nx",
      400,
    ],
    ["a target with a host", `GET http://registry${BLOB} HTTP/1.1`, "X: 1", "", 400],
    ["all of the server as a target", "OPTIONS * HTTP/1.1", "X: 1", "", 400],
    ["two hosts", `GET ${BLOB} HTTP/1.1`, "Host: other", "", 400],
    [
      "chunks in HTTP/1.0",
      `PATCH ${UPLOADS}s1 HTTP/1.0`,
      "Transfer-Encoding: chunked",
      "1\r\nx",
      400,
    ],
    [
      "compressed chunks",
      `PATCH ${UPLOADS}s1 HTTP/1.1`,
      "Transfer-Encoding: gzip, chunked",
      "",
      400,
    ],
    ["an expectation", `GET ${BLOB} HTTP/1.1`, "Expect: 200-ok", "", 417],
    ["a HEAD of the token endpoint", "HEAD /token HTTP/1.1", "Connection: close", "", 405],
    ["a body of a login by GET", "GET /token HTTP/1.1", "Content-Length: 1", "x", 400],
  ])("%s", async (_what, line, header, body, status) => {
    const head = `${line}\r\nHost: g\r\nAuthorization: ${bearer}\r\n${header}`;
    const text = await rawExchange(gateway.port, `${head}\r\n\r\n${body}`);
    expect(answersIn(text).map((answer) => answer.status)).toEqual([status]);
    expect(upstream.connections.map((connection) => connection.text).join("")).toBe("");
  });

  test.each([`GET ${BLOB}`, `HEAD ${BLOB}`, `DELETE ${UPLOADS}s1`, "GET /token?account=x"])(
    "but not an empty chunked body, late or at once: %s",
    async (line) => {
      const head = `${line} HTTP/1.1\r\nHost: g\r\nAuthorization: ${bearer}\r\nTransfer-Encoding: chunked`;
      const whole = `${head}\r\nConnection: close\r\n\r\n0\r\n\r\n`;
      expect(answersIn(await rawExchange(gateway.port, whole))[0]?.status).toBe(200);
      const socket = connect(gateway.port, "127.0.0.1");
      let text = "";
      socket.setEncoding("latin1").on("data", (part: string) => (text += part));
      socket.write(`${head}\r\nConnection: close\r\n\r\n`);
      await new Promise((resolve) => setImmediate(resolve));
      socket.write("0\r\n\r\n");
      await once(socket, "close");
      expect(answersIn(text)[0]?.status).toBe(200);
    },
  );

  test("but not what old proxies send: HTTP/1.0, and an upgrade is ignored", async () => {
    for (const line of [
      "HTTP/1.0\r\nX: 1",
      "HTTP/1.1\r\nConnection: close, Upgrade\r\nUpgrade: h2c",
    ]) {
      const head = `GET ${BLOB} ${line}\r\nHost: g\r\nAuthorization: ${bearer}\r\n\r\n`;
      const [answer] = answersIn(await rawExchange(gateway.port, head));
      expect(answer?.status).toBe(200);
    }
  });
});

function pull() {
  return ask(gateway.url, BLOB, { headers: { Authorization: bearer } });
}

function answerTo(outgoing: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve) => outgoing.once("response", resolve));
}

function both(): string {
  return "HTTP/1.1 200 OK\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
}

function twoLengths(): string {
  return "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxy";
}

function twice(): string {
  return plainAnswer("x") + plainAnswer("poison");
}
