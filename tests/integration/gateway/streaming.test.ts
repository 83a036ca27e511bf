import { once } from "node:events";
import { request, type ClientRequest, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { collectGarbage } from "#tests/support/collect-garbage.js";
import { eventually } from "#tests/support/eventually.js";
import { useGatewayBetween } from "#tests/support/gateway-between.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { answersIn } from "#tests/support/http-client.js";
import type { TokenAuthority } from "#tests/support/token-authority.js";
import {
  startUpstream,
  takeAll,
  type SeenRequest,
  type UpstreamDouble,
} from "#tests/support/upstream-double.js";

const MIB = 1024 * 1024;
const BLOB = `/v2/alpha/app/blobs/sha256:${"ab".repeat(32)}`;
const UPLOAD = "/v2/alpha/app/blobs/uploads/s1";
const COLLECTED_FROM = 48 * MIB;
const CHUNK = Buffer.alloc(64 * 1024, 7);

let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;
let bearer: string;

useGatewayBetween((started) => {
  ({ authority, upstream, gateway, bearer } = started);
});

describe("300 MB", () => {
  const total = 300 * MIB;
  /** Client, gateway and registry share this process. */
  const mostHeld = 96 * MIB;

  test("go up without piling up in memory", async () => {
    const { outgoing, answered } = open("PATCH", UPLOAD, { "Content-Length": total });
    const peak = await peakMemory(async () => {
      await writeAll(outgoing, total);
      const answer = await answered;
      answer.resume();
      await once(answer, "end");
    });
    expect(only().received).toBe(total);
    expect(only().complete).toBe(true);
    expect(peak).toBeLessThan(mostHeld);
  });

  test("come down without piling up in memory", async () => {
    upstream.answerWith(async (_req, res) => {
      res.writeHead(200, { "Content-Length": total });
      for (let sent = 0; sent < total; sent += CHUNK.length)
        if (!res.write(CHUNK)) await once(res, "drain");
      res.end();
    });
    let received = 0;
    const peak = await peakMemory(async () => {
      const { answered } = open("GET", BLOB);
      const answer = await answered;
      for await (const chunk of answer as AsyncIterable<Buffer>) received += chunk.length;
    });
    expect(received).toBe(total);
    expect(peak).toBeLessThan(mostHeld);
  });
});

describe("the slower side sets the pace", () => {
  /** More than all the socket buffers on the way can hold. */
  const total = 256 * MIB;

  test("a registry that stops reading stops the client's writing", async () => {
    let letOn: () => void = () => undefined;
    const mayGoOn = new Promise<void>((resolve) => (letOn = resolve));
    upstream.answerWith(async (req, res, seen) => {
      req.pause();
      await mayGoOn;
      await takeAll(req, res, seen);
    });
    const { outgoing, answered } = open("PATCH", UPLOAD, { "Content-Length": total });
    let written = 0;
    const writing = (async () => {
      while (written < total) {
        const goesOn = outgoing.write(CHUNK);
        written += CHUNK.length;
        if (!goesOn) await once(outgoing, "drain");
      }
      outgoing.end();
    })();
    await untilItStandsStill(() => written);
    expect(written).toBeLessThan(total / 2);
    letOn();
    await writing;
    (await answered).resume();
    expect(only().received).toBe(total);
  });

  test("a client that stops reading stops the registry's writing", async () => {
    let written = 0;
    upstream.answerWith(async (_req, res) => {
      res.writeHead(200, { "Content-Length": total });
      while (written < total) {
        const goesOn = res.write(CHUNK);
        written += CHUNK.length;
        if (!goesOn) await once(res, "drain");
      }
      res.end();
    });
    const { answered } = open("GET", BLOB);
    const answer = await answered;
    answer.pause();
    await untilItStandsStill(() => written);
    expect(written).toBeLessThan(total / 2);
    let received = 0;
    for await (const chunk of answer as AsyncIterable<Buffer>) received += chunk.length;
    expect(received).toBe(total);
  });
});

describe("when one side goes away the other one is told", () => {
  test("a client that leaves in the middle of an upload cuts the upload off at the registry", async () => {
    const { outgoing } = open("PATCH", UPLOAD, { "Content-Length": 10 * MIB });
    outgoing.write(CHUNK);
    await eventually("the registry sees the upload", () => (upstream.seen[0]?.received ?? 0) > 0);
    outgoing.destroy();
    await eventually("the registry is told", () => only().cut);
    expect(only().complete).toBe(false);
  });

  test("a client that leaves in the middle of a chunked upload does not make it look complete", async () => {
    const { outgoing } = open("PATCH", UPLOAD, { "Transfer-Encoding": "chunked" });
    outgoing.write(CHUNK);
    await eventually("the registry sees the upload", () => (upstream.seen[0]?.received ?? 0) > 0);
    outgoing.destroy();
    await eventually("the registry is told", () => only().cut);
    expect(only().complete).toBe(false);
  });

  test("a client that leaves in the middle of a download stops the registry", async () => {
    upstream.answerWith((_req, res) => {
      res.writeHead(200, { "Content-Length": 10 * MIB });
      res.write(CHUNK);
    });
    const { outgoing, answered } = open("GET", BLOB);
    await once(await answered, "data");
    outgoing.destroy();
    await eventually("the registry is told", () => only().cut);
  });

  test("a client that leaves before the answer has begun stops the registry", async () => {
    upstream.answerWith(() => undefined);
    const { outgoing } = open("GET", BLOB);
    outgoing.end();
    await eventually("the registry is asked", () => upstream.seen.length === 1);
    outgoing.destroy();
    await eventually("the registry is told", () => only().cut);
  });

  test.each([
    ["with a length", { "Content-Length": String(MIB) }],
    ["in chunks", {}],
  ])(
    "a registry that breaks off an answer %s never looks like one that finished it",
    async (_what, headers) => {
      upstream.answerWith((_req, res) => {
        res.writeHead(200, headers);
        res.write(CHUNK, () => res.socket?.resetAndDestroy());
      });
      const { answered } = open("GET", BLOB);
      const answer = await answered;
      await expect(readAll(answer)).rejects.toThrow("aborted");
      expect(answer.complete).toBe(false);
    },
  );

  test("a registry that ends an answer too early never looks like one that finished it", async () => {
    upstream.answerWith((_req, res) => {
      res.writeHead(200, { "Content-Length": String(MIB) });
      res.write(CHUNK, () => res.socket?.end());
    });
    const { answered } = open("GET", BLOB);
    const answer = await answered;
    await expect(readAll(answer)).rejects.toThrow("aborted");
  });

  test("a registry that refuses in the middle of an upload is heard by the client", async () => {
    upstream.answerWith((_req, res) => {
      res.writeHead(413, { Connection: "close" }).end('{"errors":[{"code":"SIZE_INVALID"}]}');
    });
    const { outgoing, answered } = open("PATCH", UPLOAD, { "Content-Length": 2 * CHUNK.length });
    outgoing.write(CHUNK);
    const answer = await answered;
    expect(answer.statusCode).toBe(413);
    outgoing.end(CHUNK);
    expect((await readAll(answer)).toString()).toContain("SIZE_INVALID");
  });
});

describe("a client that is refused while it sends its body", () => {
  test.each(["close", "keep-alive"])("hears so, with Connection: %s", async (connection) => {
    const text = await sendAtLeisure(gateway.port, [`Connection: ${connection}`]);
    const [answer] = answersIn(text);
    expect(answer?.status).toBe(401);
    expect(answer?.body.toString()).toContain("UNAUTHORIZED");
    expect(upstream.seen).toEqual([]);
  });

  test.each(["close", "keep-alive"])(
    "hears so with Connection: %s, when the registry has gone",
    async (connection) => {
      const gone = await startUpstream();
      const urls = { registryUrl: gone.url, tokenServerUrl: authority.server.url };
      const other = await startGateway(urls);
      await gone.stop();
      const headers = [`Connection: ${connection}`, `Authorization: ${bearer}`];
      const [answer] = answersIn(await sendAtLeisure(other.port, headers));
      expect(answer?.status).toBe(503);
      expect(answer?.body.toString()).toContain("UNAVAILABLE");
      await other.stop();
    },
  );

  test("is cut off when it goes on and on", async () => {
    const headers = { Authorization: "", "Transfer-Encoding": "chunked" };
    const { outgoing } = open("PATCH", UPLOAD, headers);
    const cut = new Promise<void>((resolve) => outgoing.once("close", resolve));
    const writing = (async () => {
      for (;;) if (!outgoing.write(CHUNK)) await once(outgoing, "drain");
    })();
    await Promise.race([cut, expect(writing).rejects.toThrow()]);
    expect(upstream.seen).toEqual([]);
  });
});

describe("a client that waits with its body", () => {
  test("is told to go on once it is allowed to, and then its body goes on", async () => {
    const client = await expecting("PATCH", UPLOAD, bearer);
    await client.until("HTTP/1.1 100 Continue\r\n\r\n");
    client.socket.write("hello");
    const answers = answersIn(await client.end());
    expect(answers.map(({ status }) => status)).toEqual([100, 200]);
    expect(only()).toMatchObject({ body: "hello", complete: true });
    expect(only().headers).not.toHaveProperty("expect");
  });

  test.each([
    ["no token", "", 401],
    ["a token that is none", "Bearer garbage", 401],
  ])(
    "is refused with %s without ever being told to go on",
    async (_what, authorization, status) => {
      const client = await expecting("PATCH", UPLOAD, authorization);
      const answers = answersIn(await client.end());
      expect(answers.map((answer) => answer.status)).toEqual([status]);
      expect(upstream.seen).toEqual([]);
    },
  );

  test("is refused what its token does not grant without ever being told to go on", async () => {
    const reason = "bob is not in team alpha";
    const refused = [{ type: "repository", name: "alpha/app", action: "push", reason }];
    const client = await expecting("PATCH", UPLOAD, `Bearer ${await authority.sign({ refused })}`);
    const answers = answersIn(await client.end());
    expect(answers.map((answer) => answer.status)).toEqual([403]);
    expect(upstream.seen).toEqual([]);
  });

  test("is told that the manifest is too large without ever being told to go on", async () => {
    const client = await expecting("PUT", "/v2/alpha/app/manifests/1.0", bearer, 5 * MIB);
    const answers = answersIn(await client.end());
    expect(answers.map((answer) => answer.status)).toEqual([413]);
  });
});

interface Opened {
  readonly outgoing: ClientRequest;
  readonly answered: Promise<IncomingMessage>;
}

function open(
  method: string,
  path: string,
  headers: Record<string, string | number> = {},
  port = gateway.port,
): Opened {
  const outgoing = request({
    host: "127.0.0.1",
    port,
    method,
    path,
    agent: false,
    headers: { Authorization: bearer, ...headers },
  });
  const answered = new Promise<IncomingMessage>((resolve, reject) => {
    outgoing.once("response", resolve);
    outgoing.on("error", reject);
  });
  // A test that cuts the connection does not wait for the answer.
  answered.catch(() => undefined);
  if (method === "GET") outgoing.end();
  return { outgoing, answered };
}

async function writeAll(outgoing: ClientRequest, total: number): Promise<void> {
  for (let sent = 0; sent < total; sent += CHUNK.length)
    if (!outgoing.write(CHUNK)) await once(outgoing, "drain");
  outgoing.end();
}

/** Sends an upload piece by piece, leaving the gateway the time to answer meanwhile. */
async function sendAtLeisure(port: number, headers: readonly string[]): Promise<string> {
  const total = 4 * MIB;
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  await once(socket, "connect");
  const head = [`PATCH ${UPLOAD} HTTP/1.1`, "Host: gateway", `Content-Length: ${total}`];
  socket.write(`${[...head, ...headers].join("\r\n")}\r\n\r\n`);
  for (let sent = 0; sent < total; sent += CHUNK.length) {
    if (!socket.write(CHUNK)) await once(socket, "drain");
    for (let turns = 0; turns < 50; turns += 1) await nextTurn();
  }
  await eventually("the answer", () => text.endsWith("}"));
  socket.destroy();
  return text;
}

async function readAll(answer: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The most bytes outside the heap that were held at once while the work was done, over those before it. */
async function peakMemory(work: () => Promise<void>): Promise<number> {
  const held = () => process.memoryUsage().external;
  collectGarbage();
  const before = held();
  let peak = before;
  const timer = setInterval(() => {
    // On a busy machine what was read waits long to be collected.
    if (held() - before > COLLECTED_FROM) collectGarbage();
    peak = Math.max(peak, held());
  }, 25);
  await work();
  clearInterval(timer);
  return peak - before;
}

/** Waits until a number that grows has not grown for a while. */
async function untilItStandsStill(count: () => number): Promise<void> {
  let last = -1;
  let calm = 0;
  await eventually("it stands still", () => {
    calm = count() === last ? calm + 1 : 0;
    last = count();
    return calm >= 50;
  });
}

/** Sends the head of a request with `Expect: 100-continue`, and not its body. */
async function expecting(method: string, path: string, authorization: string, length = 5) {
  const socket: Socket = connect(gateway.port, "127.0.0.1");
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  socket.on("error", () => undefined);
  await once(socket, "connect");
  const head = [
    `${method} ${path} HTTP/1.1`,
    "Host: gateway",
    ...(authorization === "" ? [] : [`Authorization: ${authorization}`]),
    `Content-Length: ${length}`,
    "Expect: 100-continue",
    "Connection: close",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n`);
  return {
    socket,
    until: (wanted: string) => eventually(`the answer ${wanted}`, () => text.includes(wanted)),
    end: async () => {
      if (!socket.closed) await once(socket, "close");
      return text;
    },
  };
}

function only(): SeenRequest {
  const [first, ...others] = upstream.seen;
  if (first === undefined || others.length > 0)
    throw new Error(`the upstream saw ${upstream.seen.length} requests`);
  return first;
}
