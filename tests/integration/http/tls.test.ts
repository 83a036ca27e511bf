import { once } from "node:events";
import type { RequestListener } from "node:http";
import { request } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { duplexPair } from "node:stream";
import { connect as connectByTls, type ConnectionOptions, type TLSSocket } from "node:tls";
import { afterEach, describe, expect, test } from "@jest/globals";
import { clientFacts } from "#service-kit/http/client-facts.js";
import { httpListener, type HttpListener, type ListenerOptions } from "#service-kit/http/server.js";
import { createMetrics, type ServiceMetrics } from "#service-kit/metrics.js";
import { strictTransport } from "#service-kit/tls/strict-transport.js";
import { eventually } from "#tests/support/eventually.js";
import { rawExchange } from "#tests/support/http-client.js";
import { SILENT } from "#tests/support/ledger.js";
import { ownServing, type OwnServing } from "#tests/support/own-serving.js";

let listener: HttpListener;
let metrics: ServiceMetrics;
let port: number;
let serving: OwnServing;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await listener.stop();
});

const answerWithScheme: RequestListener = (req, res) =>
  res.end(clientFacts(req, () => false).scheme);

async function start(options: Partial<ListenerOptions> = {}, handler = answerWithScheme) {
  serving = await ownServing();
  metrics = createMetrics();
  const connections = { inAll: 100, perSource: 100, isTrusted: () => false };
  const fixed = { name: "tested", host: "127.0.0.1", port: 0, drainSeconds: 0, idleSeconds: 60 };
  const all = { ...fixed, connections, tls: serving, mark: strictTransport(3_600), ...options };
  listener = httpListener(all, handler, { log: SILENT, metrics });
  await listener.start();
  ({ port } = listener.server.address() as AddressInfo);
}

const trusting = (more: ConnectionOptions = {}) => ({
  ...{ host: "localhost", port, ca: serving.authority, servername: "localhost" },
  ...more,
});

async function handshake(more: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connectByTls(trusting(more));
  sockets.push(socket);
  await once(socket, "secureConnect");
  socket.on("error", () => undefined);
  return socket;
}

function get(
  path: string,
  headers = {},
): Promise<{ status: number; headers: object; body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ ...trusting(), path, headers, agent: false }, (res) => {
      let body = "";
      res.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
      res.once("end", () => {
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body });
      });
    });
    asked.once("error", reject).end();
  });
}

async function refusals(reason: string): Promise<number> {
  const { values } = await metrics.refusals.get();
  return values.find(({ labels }) => labels.reason === reason)?.value ?? 0;
}

async function open(): Promise<number> {
  const text = await metrics.registry.getSingleMetricAsString("listener_connections");
  return Number(/ (\d+)$/m.exec(text)?.[1]);
}

describe("a listener with a certificate", () => {
  test("is asked by HTTPS, knows that, and has browsers come that way again", async () => {
    await start();
    expect(await get("/")).toMatchObject({
      status: 200,
      headers: { "strict-transport-security": "max-age=3600" },
      body: "https",
    });
  });

  test("tells who speaks HTTP to it what it wants, and counts it", async () => {
    await start();
    const text = await rawExchange(port, "GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 403 /);
    expect(text).toContain("speaks HTTPS alone");
    expect(await refusals("handshake")).toBe(1);
  });

  test.each(["TLSv1", "TLSv1.1"] as const)("does not speak %s", async (version) => {
    await start();
    const old = {
      minVersion: version,
      maxVersion: version,
      ciphers: "DEFAULT@SECLEVEL=0",
    } as const;
    await expect(handshake(old)).rejects.toThrow(/alert protocol version/i);
    await eventually("it is counted", async () => (await refusals("handshake")) === 1);
  });

  test.each(["TLSv1.2", "TLSv1.3"] as const)("speaks %s", async (version) => {
    await start();
    const socket = await handshake({ minVersion: version, maxVersion: version });
    expect(socket.getProtocol()).toBe(version);
  });

  test("proves itself by a new one at once, and leaves who is connected alone", async () => {
    await start();
    const before = await handshake();
    const first = before.getPeerX509Certificate()?.fingerprint256;
    await serving.renew();
    const after = await handshake();
    expect(after.getPeerX509Certificate()?.fingerprint256).not.toBe(first);
    before.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    const [bytes] = (await once(before, "data")) as [Buffer];
    expect(bytes.toString()).toContain("200 OK");
  });

  test("counts a connection from before its handshake to its end, once", async () => {
    await start();
    const silent = connect(port, "127.0.0.1");
    sockets.push(silent);
    await eventually("it is counted", async () => (await open()) === 1);
    const socket = await handshake();
    expect(await open()).toBe(2);
    socket.destroy();
    await eventually("it is gone", async () => (await open()) === 1);
  });

  test("has connections without a request give way to others, whether or not they shook hands", async () => {
    const connections = { inAll: 2, perSource: 100, isTrusted: () => false };
    await start({ connections });
    const silent = connect(port, "127.0.0.1");
    sockets.push(silent);
    const idle = await handshake();
    const gone = Promise.all([once(silent, "close"), once(idle, "close")]);
    expect((await get("/")).status).toBe(200);
    expect((await get("/")).status).toBe(200);
    sockets.push(await handshake(), await handshake());
    await gone;
  });

  test("tells by TLS who finds no room", async () => {
    const connections = { inAll: 1, perSource: 100, isTrusted: () => false };
    await start({ connections }, () => undefined);
    const busy = await handshake();
    busy.write("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    await eventually("it is busy", async () => (await open()) === 1);
    expect((await get("/")).status).toBe(503);
  });

  test("ends a connection on which nobody shakes hands", async () => {
    await start({ headMilliseconds: 100 });
    const silent = connect(port, "127.0.0.1");
    sockets.push(silent);
    silent.resume();
    await once(silent, "close");
    expect(await refusals("handshake")).toBe(1);
  });

  test("refuses heads that are too large as without TLS", async () => {
    await start();
    expect((await get("/", { "X-Large": "x".repeat(40_000) })).status).toBe(431);
  });

  test("has an early answer read by a client that sends 24 MiB first", async () => {
    await start();
    const socket = await handshake();
    socket.setMaxListeners(100);
    socket.write(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${24 * 1024 ** 2}\r\n\r\n`);
    const piece = Buffer.alloc(1024 ** 2);
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    for (let sent = 0; sent < 24 && socket.writable; sent += 1)
      if (!socket.write(piece)) await Promise.race([once(socket, "drain"), once(socket, "close")]);
    if (!socket.closed) await once(socket, "close");
    expect(text).toMatch(/^HTTP\/1.1 200 OK[^]*Connection: close[^]*https/i);
  });
});

describe("a listener that answers authorities which ask for a name by TLS", () => {
  const ASKED = "asked.example.org";
  const asking = { servername: ASKED, ALPNProtocols: ["acme-tls/1"], rejectUnauthorized: false };
  let shown: OwnServing;

  const startAsked = async (options: Partial<ListenerOptions> = {}) => {
    shown = await ownServing();
    const challenge = (name: string) => Promise.resolve(name === ASKED ? shown.current() : null);
    const usual = await ownServing();
    await start({ tls: { ...usual, challenge }, ...options });
    serving = usual;
  };

  test("shows them what they want to see, and ends there", async () => {
    await startAsked();
    const socket = await handshake(asking);
    expect(socket.alpnProtocol).toBe("acme-tls/1");
    const pem = socket.getPeerX509Certificate()?.toString().trim();
    expect(pem).toBe(shown.current().certificatePem.trim());
    socket.resume();
    await once(socket, "close");
  });

  test("shows its own to everybody else, and to them where it knows of nothing", async () => {
    await startAsked();
    expect((await get("/")).body).toBe("https");
    await expect(handshake({ ...asking, servername: "other.example.org" })).rejects.toThrow(
      /no application protocol/i,
    );
    const browser = await handshake({ servername: ASKED, rejectUnauthorized: false });
    const pem = browser.getPeerX509Certificate()?.toString().trim();
    expect(pem).toBe(serving.current().certificatePem.trim());
  });

  test("tells who speaks HTTP to it what it wants, and cuts whoever says nothing", async () => {
    await startAsked({ headMilliseconds: 300 });
    const text = await rawExchange(port, "GET /v2/ HTTP/1.1\r\nHost: a\r\n\r\n");
    expect(text).toMatch(/^HTTP\/1.1 403 /);
    const silent = connect(port, "127.0.0.1");
    sockets.push(silent);
    silent.resume();
    await once(silent, "close");
    expect(await refusals("handshake")).toBe(2);
    await eventually("none is left", async () => (await open()) === 0);
  });

  test("takes a first message that comes byte by byte", async () => {
    await startAsked();
    const relay = connect(port, "127.0.0.1");
    sockets.push(relay);
    relay.setNoDelay(true);
    const [near, far] = duplexPair();
    near.on("data", (chunk: Buffer) => {
      for (const byte of chunk) relay.write(Buffer.from([byte]));
    });
    relay.on("data", (chunk: Buffer) => near.write(chunk));
    const socket = connectByTls({ socket: far, ca: serving.authority, servername: "localhost" });
    sockets.push(socket);
    await once(socket, "secureConnect");
    expect(socket.authorized).toBe(true);
  });
});
