import { once } from "node:events";
import type { RequestListener } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { MOST_UNANSWERED } from "#service-kit/http/admission.js";
import { httpListener, type HttpListener, type ListenerOptions } from "#service-kit/http/server.js";
import { LINGER_LIMITS } from "#service-kit/http/lingering-close.js";
import { isProbe } from "#service-kit/http/probe.js";
import { createMetrics, type ServiceMetrics } from "#service-kit/metrics.js";
import { eventually } from "#tests/support/eventually.js";
import { answersIn, ask, rawExchange } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";

const MIB = 1024 * 1024;

let listener: HttpListener;
let metrics: ServiceMetrics;
let port: number;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.stop();
});

/** Starts a listener whose handler answers at once and reads nothing. */
async function start(
  options: Partial<ListenerOptions> = {},
  handler: RequestListener = (req, res) => res.end(`answer to ${req.url ?? ""}`),
): Promise<void> {
  metrics = createMetrics();
  const connections = { inAll: 100, perSource: 100, isTrusted: () => false };
  const fixed = { name: "tested", host: "127.0.0.1", port: 0, drainSeconds: 0, idleSeconds: 60 };
  const deps = { log: SILENT, metrics };
  listener = httpListener({ ...fixed, connections, ...options }, handler, deps);
  await listener.start();
  ({ port } = listener.server.address() as AddressInfo);
}

async function refusals(reason: string): Promise<number> {
  const { values } = await metrics.refusals.get();
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
}

function holdOpen(bytes: string): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  socket.on("error", () => undefined).resume();
  sockets.push(socket);
  return new Promise((resolve) =>
    socket.write(bytes, () => {
      resolve(socket);
    }),
  );
}

describe("the status line of a refusal says what it is about", () => {
  test.each([
    [
      "a method that is none",
      "NONE / HTTP/1.1\r\n\r\n",
      "405 Method Not Allowed: the method is not supported",
    ],
    [
      "what is no HTTP",
      "GET / HTTP/1.1\r\n\0: 1\r\n\r\n",
      "400 Bad Request: the request is not valid",
    ],
    ["no host", "GET / HTTP/1.1\r\n\r\n", "400 Bad Request: the request is not valid"],
    [
      "CONNECT",
      "CONNECT r:443 HTTP/1.1\r\nHost: r\r\n\r\n",
      "405 Method Not Allowed: the method is not supported",
    ],
  ])("where the gateway reads no further: %s", async (_what, bytes, line) => {
    await start();
    const text = await rawExchange(port, bytes);
    expect(text.split("\r\n")[0]).toBe(`HTTP/1.1 ${line}`);
  });
});

describe("an answer that comes before the body was read", () => {
  /** Sends all of a body before it reads a byte, as simple clients do. */
  const sendAllThenRead = async (head: string, bytes: number) => {
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(socket);
    let text = "";
    let failed: unknown = null;
    socket.on("error", (error) => (failed = error));
    socket.once("end", () => socket.end());
    socket.write(`${head}\r\n\r\n`);
    const piece = Buffer.alloc(MIB, "x");
    for (let sent = 0; sent < bytes; sent += MIB)
      if (!socket.write(piece)) await new Promise((resolve) => socket.once("drain", resolve));
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    if (!socket.closed) await once(socket, "close");
    return { text, failed };
  };

  test.each([
    ["HTTP/1.1", "Connection: keep-alive"],
    ["HTTP/1.1", "Connection: close"],
    ["HTTP/1.0", "X-None: 1"],
    ["HTTP/1.0", "Connection: keep-alive"],
  ])("is read by a client that sends 24 MiB first (%s, %s)", async (version, connection) => {
    await start();
    const head = `POST /x ${version}\r\nHost: a\r\n${connection}\r\nContent-Length: ${24 * MIB}`;
    const { text, failed } = await sendAllThenRead(head, 24 * MIB);
    expect(failed).toBeNull();
    expect(text).toContain("answer to /x");
    expect(text).toMatch(/connection: close/i);
  });

  test("is read whatever the client sends behind it, and nothing of that is answered", async () => {
    await start();
    const hidden = "GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    const head = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
    const socket = await holdOpen(head);
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    await eventually("the answer", () => text.includes("answer to /x"));
    socket.write(`12345${hidden}`);
    await once(socket, "close");
    expect(answersIn(text)).toHaveLength(1);
  });

  test("leaves the connection open when there was no body to read", async () => {
    await start();
    const bytes = "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";
    const text = await rawExchange(port, `${bytes}${bytes}`, true);
    expect(answersIn(text).map(({ headers }) => headers["connection"])).toEqual([
      "keep-alive",
      "keep-alive",
    ]);
  });

  test("ends for a client that sends on and on", async () => {
    await start();
    const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    sockets.push(socket);
    const closed = new Promise<void>((resolve) => socket.once("close", resolve));
    socket.on("error", () => undefined);
    socket.write(`POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: ${1024 * MIB}\r\n\r\n`);
    let sent = 0;
    const pump = () => {
      for (let goesOn = true; goesOn && !socket.destroyed; sent += MIB)
        goesOn = socket.write(Buffer.alloc(MIB));
    };
    socket.on("drain", pump);
    pump();
    await closed;
    // Between client and server there are buffers as well.
    expect(sent).toBeGreaterThanOrEqual(LINGER_LIMITS.bytes);
    expect(sent).toBeLessThan(2 * LINGER_LIMITS.bytes);
  });
});

describe("connections", () => {
  let hung = 0;
  const hanging: RequestListener = (req, res) => {
    if (req.url === "/hang") hung += 1;
    else res.end("ok");
  };
  beforeEach(() => {
    hung = 0;
  });
  const HANG = "GET /hang HTTP/1.1\r\nHost: a\r\n\r\n";

  test("beyond those in all are answered 503 while all are busy, but for probes", async () => {
    const connections = { inAll: 4, perSource: 100, isTrusted: () => false };
    await start({ connections, isEssential: isProbe }, hanging);
    for (let i = 0; i < 4; i += 1) await holdOpen(HANG);
    await eventually("all are busy", () => hung === 4);
    const refused = await ask(`http://127.0.0.1:${port}`, "/v2/");
    expect(refused.status).toBe(503);
    expect(refused.headers["retry-after"]).toBeDefined();
    expect((await ask(`http://127.0.0.1:${port}`, "/ready")).status).toBe(200);
    expect((await ask(`http://127.0.0.1:${port}`, "/.well-known/health")).status).toBe(200);
    expect(await refusals("connections")).toBeGreaterThanOrEqual(1);
  });

  test("beyond those of one source are answered 429, unless it is a trusted proxy", async () => {
    const limited = { inAll: 100, perSource: 3, isTrusted: () => false };
    await start({ connections: limited }, hanging);
    for (let i = 0; i < 3; i += 1) await holdOpen(HANG);
    await eventually("all are busy", () => hung === 3);
    expect((await ask(`http://127.0.0.1:${port}`, "/v2/")).status).toBe(429);
    await listener.stop();
    hung = 0;
    await start({ connections: { ...limited, isTrusted: () => true } }, hanging);
    for (let i = 0; i < 5; i += 1) await holdOpen(HANG);
    await eventually("all are busy", () => hung === 5);
    expect((await ask(`http://127.0.0.1:${port}`, "/v2/")).status).toBe(200);
  });

  test("without a request give way to new ones", async () => {
    await start({ connections: { inAll: 3, perSource: 3, isTrusted: () => false } }, hanging);
    const first = await holdOpen("GET /");
    await holdOpen(HANG);
    await holdOpen("");
    await eventually("all are taken", async () => (await open()) === 3);
    const closed = once(first, "close");
    expect((await ask(`http://127.0.0.1:${port}`, "/v2/")).status).toBe(200);
    await closed;
  });

  test("that are turned away are kept no more than some at a time", async () => {
    await start({ connections: { inAll: 2, perSource: 100, isTrusted: () => false } }, hanging);
    for (let i = 0; i < 2; i += 1) await holdOpen(HANG);
    await eventually("all are busy", () => hung === 2);
    const turnedAway = await Promise.all(Array.from({ length: 80 }, () => holdOpen("")));
    await eventually(
      "the oldest are closed",
      () => turnedAway.filter((s) => s.closed).length >= 16,
    );
    expect(turnedAway.filter((socket) => !socket.closed).length).toBeLessThanOrEqual(64);
  });

  async function open(): Promise<number> {
    const text = await metrics.registry.getSingleMetricAsString("listener_connections");
    return Number(/\{listener="tested"\} (\d+)/.exec(text)?.[1]);
  }
});

describe("a slow client", () => {
  const headway = { windowMilliseconds: 100, leastBytes: 1_000, windows: 3 };

  test("whose body comes a byte now and then is told so, and given up", async () => {
    await start({ headway }, (req) => req.resume());
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    socket.write("PATCH /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
    const drops = setInterval(() => socket.write("."), 20);
    await eventually("the answer", () => text.includes("}"));
    clearInterval(drops);
    expect(answersIn(text)[0]?.status).toBe(408);
    expect(await refusals("slow")).toBe(1);
  });

  test("that takes its answer a byte now and then is given up", async () => {
    await start({ headway }, (_req, res) => res.end(Buffer.alloc(64 * MIB)));
    const socket = connect({ port, host: "127.0.0.1" });
    sockets.push(socket);
    socket.pause();
    socket.write("GET /x HTTP/1.1\r\nHost: a\r\n\r\n");
    await eventually("it is given up", async () => (await refusals("slow")) === 1);
  });

  test("is not one that waits for us", async () => {
    let answer: () => void = () => undefined;
    await start({ headway }, (_req, res) => (answer = () => res.end("at last")));
    const asked = ask(`http://127.0.0.1:${port}`, "/x", { method: "POST", body: "a body" });
    const deadline = performance.now() + 10 * headway.windowMilliseconds;
    await eventually("some windows have passed", () => performance.now() > deadline);
    answer();
    expect((await asked).body.toString()).toBe("at last");
    expect(await refusals("slow")).toBe(0);
  });

  test("whose head does not come is told so", async () => {
    await start({ headMilliseconds: 300 });
    const text = await rawExchange(port, "GET /x HTTP/1.1\r\nHost: a\r\nX-");
    expect(answersIn(text)[0]?.status).toBe(408);
    expect(await refusals("head-timeout")).toBe(1);
  });
});

describe("more than one request on a connection", () => {
  const GET = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

  test("are answered in their order, and too many at once are refused", async () => {
    await start({}, (req, res) => setTimeout(() => res.end(req.url), 20));
    const socket = await holdOpen("");
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    socket.write(Array.from({ length: MOST_UNANSWERED + 2 }, (_, i) => GET(`/${i}`)).join(""));
    await once(socket, "close");
    const answers = answersIn(text);
    expect(answers.slice(0, MOST_UNANSWERED).map(({ body }) => body.toString())).toEqual(
      Array.from({ length: MOST_UNANSWERED }, (_, i) => `/${i}`),
    );
    expect(answers[MOST_UNANSWERED]?.status).toBe(429);
  });

  test("and then garbage: what came before is answered first", async () => {
    await start({}, (req, res) => setTimeout(() => res.end(req.url), 20));
    const text = await rawExchange(port, `${GET("/1")}${GET("/2")}no request\r\n\r\n`);
    expect(answersIn(text).map(({ status }) => status)).toEqual([200, 200, 405]);
  });
});
