import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { connect, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { lines, MOST_IDLE, type LineReader } from "#gateway/upstream/lines.js";
import { eventually } from "#tests/support/eventually.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask } from "#tests/support/http-client.js";
import { listening, type TestServer } from "#tests/support/test-server.js";
import { startTokenAuthority, type TokenAuthority } from "#tests/support/token-authority.js";

/** Of several buffers and a rest, so that none ends where the body does. */
const BLOB = randomBytes(3 * 1024 * 1024 + 12_345);
const PATH = `/v2/alpha/app/blobs/sha256:${"ab".repeat(32)}`;
const PLAIN = `HTTP/1.1 200 OK\r\nContent-Length: ${BLOB.length}\r\n\r\n`;

/** Answers on a connection, told of it and of the request's head. */
type Answering = (socket: Socket, head: string) => void;

let authority: TokenAuthority;
let registry: TestServer;
let gateway: TestGateway;
let bearer: string;
let answering: Answering;
/** Those to the registry that are open. */
const connections = new Set<Socket>();

const plain: Answering = (socket) => {
  socket.write(PLAIN);
  socket.write(BLOB);
};

beforeAll(async () => {
  registry = await listening(
    createServer((socket) => {
      connections.add(socket);
      socket.once("close", () => connections.delete(socket));
      let head = "";
      socket.setEncoding("latin1").on("data", (text: string) => {
        head += text;
        if (!head.endsWith("\r\n\r\n")) return;
        const whole = head;
        head = "";
        answering(socket, whole);
      });
    }),
  );
  authority = await startTokenAuthority();
  gateway = await startGateway({
    registryUrl: registry.url,
    tokenServerUrl: authority.server.url,
  });
  bearer = await authority.bearer(["pull"]);
});
afterAll(async () => {
  await gateway.stop();
  await registry.stop();
  await authority.server.stop();
});

function pull(): Promise<{ status: number; body: Buffer }> {
  return ask(gateway.url, PATH, { headers: { Authorization: bearer } });
}

async function open(): Promise<{ outgoing: ClientRequest; answer: IncomingMessage }> {
  const outgoing = request(`${gateway.url}${PATH}`, {
    agent: false,
    headers: { Authorization: bearer },
  });
  outgoing.on("error", () => undefined).end();
  const [answer] = (await once(outgoing, "response")) as [IncomingMessage];
  answer.on("error", () => undefined);
  return { outgoing, answer };
}

function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

async function bytesOf(answer: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of answer as AsyncIterable<Buffer>) pieces.push(piece);
  return Buffer.concat(pieces);
}

describe("a large blob", () => {
  test("comes byte for byte, again and again on one connection to the registry", async () => {
    answering = plain;
    const before = new Set(connections);
    for (let i = 0; i < 4; i += 1) {
      const { status, body } = await pull();
      expect(status).toBe(200);
      expect(digestOf(body)).toBe(digestOf(BLOB));
    }
    const opened = [...connections].filter((socket) => !before.has(socket));
    expect(opened.length).toBeLessThanOrEqual(1);
  });

  test("comes as it is also when its head and its bytes come in pieces", async () => {
    answering = (socket) => {
      socket.setNoDelay(true);
      const bytes = Buffer.concat([Buffer.from(PLAIN), BLOB]);
      const cuts = [1, PLAIN.length - 2, PLAIN.length, PLAIN.length + 1, 70_000, 1_000_000];
      const send = (from: number) => {
        if (from >= bytes.length) return;
        const to = cuts.find((cut) => cut > from) ?? bytes.length;
        const goOn = () => {
          send(to);
        };
        socket.write(bytes.subarray(from, to), () => setImmediate(goOn));
      };
      send(0);
    };
    expect(digestOf((await pull()).body)).toBe(digestOf(BLOB));
  });

  test("comes in part, where a part was asked for", async () => {
    const part = BLOB.subarray(1_000, 1_000_000);
    answering = (socket) => {
      const range = `Content-Range: bytes 1000-999999/${BLOB.length}`;
      socket.write(
        `HTTP/1.1 206 Partial Content\r\n${range}\r\nContent-Length: ${part.length}\r\n\r\n`,
      );
      socket.write(part);
    };
    const { status, body } = await pull();
    expect([status, digestOf(body)]).toEqual([206, digestOf(part)]);
  });

  test("is the same to everybody, while others have stopped reading in the middle of theirs", async () => {
    answering = plain;
    const slow = await Promise.all(Array.from({ length: 6 }, open));
    for (const { answer } of slow) {
      await once(answer, "readable");
      answer.pause();
    }
    const fast = await Promise.all(Array.from({ length: 12 }, pull));
    for (const { body } of fast) expect(digestOf(body)).toBe(digestOf(BLOB));
    for (const { answer } of slow) expect(digestOf(await bytesOf(answer))).toBe(digestOf(BLOB));
  });

  test("is the same also when it waits for the answer before it, while others are read", async () => {
    const other = randomBytes(BLOB.length);
    let [isAsked, letOn] = [false, () => undefined as unknown];
    answering = (socket, head) => {
      if (head.startsWith("HEAD")) {
        letOn = () => socket.write("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      socket.write(PLAIN);
      socket.write(isAsked ? other : BLOB);
      isAsked = true;
    };
    const client = connect(gateway.port, "127.0.0.1");
    const pieces: Buffer[] = [];
    client.on("data", (piece: Buffer) => pieces.push(piece));
    const rest = `${PATH} HTTP/1.1\r\nHost: g\r\nAuthorization: ${bearer}\r\n`;
    client.write(`HEAD ${rest}\r\nGET ${rest}Connection: close\r\n\r\n`);
    await eventually("the blob is asked for", () => isAsked);
    for (let i = 0; i < 3; i += 1) expect(digestOf((await pull()).body)).toBe(digestOf(other));
    letOn();
    await once(client, "close");
    expect(digestOf(Buffer.concat(pieces).subarray(-BLOB.length))).toBe(digestOf(BLOB));
  });

  test("that comes in chunks is passed on as ever", async () => {
    answering = (socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      socket.write(`${BLOB.length.toString(16)}\r\n`);
      socket.write(BLOB);
      socket.write("\r\n0\r\n\r\n");
    };
    expect(digestOf((await pull()).body)).toBe(digestOf(BLOB));
  });
});

describe("a blob that breaks off", () => {
  test.each<[string, (socket: Socket) => void]>([
    ["is reset", (socket) => socket.resetAndDestroy()],
    ["ends", (socket) => socket.end()],
  ])("when the registry's connection %s is never taken for a whole one", async (_how, end) => {
    answering = (socket) => {
      socket.write(PLAIN);
      socket.write(BLOB.subarray(0, BLOB.length - 1), () => {
        end(socket);
      });
    };
    await expect(pull()).rejects.toThrow();
  });

  test("since its client has gone ends the reading at the registry", async () => {
    let isClosed = false;
    answering = (socket) => {
      socket.once("close", () => (isClosed = true));
      socket.write(PLAIN);
      socket.write(BLOB.subarray(0, BLOB.length / 2));
    };
    const { outgoing, answer } = await open();
    let received = 0;
    answer.on("data", (piece: Buffer) => (received += piece.length));
    await eventually("half of it has come", () => received >= Math.floor(BLOB.length / 2));
    outgoing.destroy();
    await eventually("the registry is told", () => isClosed);
    answering = plain;
    expect(digestOf((await pull()).body)).toBe(digestOf(BLOB));
  });
});

describe("the registry's connection is not used again", () => {
  test.each<[string, string, string]>([
    ["more than the announced bytes", PLAIN, "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison"],
    ["an announced end of it", PLAIN.replace("\r\n", "\r\nConnection: close\r\n"), ""],
    ["an answer of HTTP/1.0", PLAIN.replace("1.1", "1.0"), ""],
    ["an interim answer", `HTTP/1.1 103 Early Hints\r\n\r\n${PLAIN}`, ""],
  ])("after %s", async (_what, head, rest) => {
    let used: Socket | null = null;
    answering = (socket) => {
      used = socket;
      socket.write(head);
      socket.write(BLOB);
      socket.write(rest);
    };
    expect(digestOf((await pull()).body)).toBe(digestOf(BLOB));
    await eventually("it is closed", () => used === null || !connections.has(used));
    answering = plain;
    expect(digestOf((await pull()).body)).toBe(digestOf(BLOB));
  });

  test("after it has spoken unasked", async () => {
    answering = plain;
    await pull();
    for (const socket of connections) socket.write("HTTP/1.1 200 OK\r\n\r\n");
    await eventually("all are closed", () => connections.size === 0);
    expect(digestOf((await pull()).body)).toBe(digestOf(BLOB));
  });
});

describe("connections that wait", () => {
  const reader: LineReader = { buffer: () => null, take: () => true, gone: () => undefined };

  test("are as many as were needed at once, and the last one is the next", async () => {
    const own = lines("127.0.0.1", registry.port);
    const taken = Array.from({ length: 80 }, () => own.take(reader));
    for (const line of taken) await eventually("it is open", () => !line.socket.connecting);
    for (const line of taken) own.giveBack(line);
    expect(own.idle()).toBe(80);
    expect(own.take(reader)).toBe(taken.at(-1));
    for (const { socket } of taken) socket.destroy();
    await eventually("none waits that is closed", () => own.idle() === 0);
  });

  test("are bounded", async () => {
    const own = lines("127.0.0.1", registry.port);
    const taken = Array.from({ length: MOST_IDLE + 1 }, () => own.take(reader));
    for (const line of taken) await eventually("it is open", () => !line.socket.connecting);
    for (const line of taken) own.giveBack(line);
    expect(own.idle()).toBe(MOST_IDLE);
    for (const { socket } of taken) socket.destroy();
  });
});
