import { once } from "node:events";
import type { RequestListener, ServerResponse } from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { connect as connectByTls } from "node:tls";
import { afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import { LAST_REQUEST_MILLISECONDS } from "#service-kit/http/drain.js";
import { httpListener, type HttpListener } from "#service-kit/http/server.js";
import type { TlsServing } from "#service-kit/http/tls-serving.js";
import { createMetrics } from "#service-kit/metrics.js";
import { readableLog } from "#tests/integration/logins/support/log.js";
import { eventually } from "#tests/support/eventually.js";
import { ownServing } from "#tests/support/own-serving.js";

let listener: HttpListener;
let port: number;
let ended: Promise<void> | null;
/** What the listener proves itself by; absent: it speaks without TLS. */
let tls: TlsServing | undefined;
const sockets: Socket[] = [];
/** Answers that the test gives. */
const held: ServerResponse[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const res of held.splice(0)) res.destroy();
  await (ended ?? listener.stop());
});

const handler: RequestListener = (req, res) => {
  if (req.url?.startsWith("/held") === true) held.push(res);
  else res.end(`answer to ${req.url ?? ""}`);
};

/** @returns lines that the listener has logged */
async function start(
  drainSeconds = 60,
  graceMilliseconds = LAST_REQUEST_MILLISECONDS,
): Promise<() => string> {
  const { log, ...logged } = readableLog();
  const connections = { inAll: 100, perSource: 100, isTrusted: () => false };
  const options = { name: "tested", host: "127.0.0.1", port: 0, drainSeconds, idleSeconds: 60 };
  const deps = { log, metrics: createMetrics() };
  listener = httpListener({ ...options, connections, graceMilliseconds, tls }, handler, deps);
  ended = null;
  await listener.start();
  ({ port } = listener.server.address() as AddressInfo);
  return () => logged.text();
}

const GET = (target: string) => `GET ${target} HTTP/1.1\r\nHost: a\r\n\r\n`;

/** @returns a connection, and what came on it so far */
async function open(bytes: string): Promise<{ socket: Socket; text: () => string }> {
  const isTls = tls !== undefined;
  const at = { host: "127.0.0.1", port, rejectUnauthorized: false };
  const socket = isTls ? connectByTls(at) : connect(at);
  sockets.push(socket);
  let text = "";
  socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
  socket.on("error", () => undefined);
  await once(socket, isTls ? "secureConnect" : "connect");
  socket.write(bytes);
  return { socket, text: () => text };
}

describe.each([
  ["without TLS", () => Promise.resolve(undefined)],
  ["by TLS", ownServing],
])("%s", (_how, serve) => {
  beforeAll(async () => {
    tls = await serve();
  });

  describe("a listener whose process will end", () => {
    test("takes requests, and says with each answer that its connection ends", async () => {
      await start();
      const { socket, text } = await open(GET("/held"));
      await eventually("it is asked", () => held.length === 1);
      const kept = await open(GET("/before"));
      await eventually("it answers", () => kept.text().includes("answer to /before"));
      expect(kept.text()).toMatch(/^Connection: keep-alive/im);
      listener.announceStop?.();
      kept.socket.write(GET("/after"));
      await once(kept.socket, "close");
      expect(kept.text()).toMatch(/answer to \/before[^]*Connection: close[^]*answer to \/after$/i);
      const fresh = await open(GET("/new"));
      await once(fresh.socket, "close");
      expect(fresh.text()).toMatch(/^HTTP\/1.1 200 [^]*Connection: close[^]*answer to \/new$/i);
      held[0]?.end("at last");
      await once(socket, "close");
      expect(text()).toMatch(/Connection: close[^]*at last$/i);
    });
  });

  describe("a listener that stops", () => {
    test("takes nobody any more, answers what was asked, and has ended with the last answer", async () => {
      await start();
      const [one, other] = [await open(GET("/held/1")), await open(GET("/held/2"))];
      await eventually("both are asked", () => held.length === 2);
      let hasEnded = false;
      ended = listener.stop().then(() => {
        hasEnded = true;
      });
      await eventually("its port is closed", async () => (await connecting()) === "ECONNREFUSED");
      held[0]?.end("one");
      await once(one.socket, "close");
      expect(one.text()).toMatch(/Connection: close[^]*one$/i);
      expect(hasEnded).toBe(false);
      held[1]?.end("other");
      await ended;
      await eventually("all of it came", () => other.text().endsWith("other"));
    });

    test("answers whoever had connected and asks a moment later, and no more than once", async () => {
      await start(60, 60_000);
      const [fresh, kept] = [await open(""), await open(GET("/before"))];
      await eventually("it answers", () => kept.text().includes("answer to /before"));
      // A request that is not answered yet keeps the listener from ending.
      await open(GET("/held"));
      await eventually("it is asked", () => held.length === 1);
      ended = listener.stop();
      await eventually("its port is closed", async () => (await connecting()) === "ECONNREFUSED");
      for (const { socket } of [fresh, kept]) socket.write(`${GET("/last")}${GET("/too-many")}`);
      await Promise.all([fresh, kept].map(({ socket }) => once(socket, "close")));
      for (const { text } of [fresh, kept]) {
        expect(text()).toMatch(/Connection: close[^]*answer to \/last$/i);
        expect(text()).not.toContain("too-many");
      }
    });

    test("answers what came while the process was busy for longer than that", async () => {
      // Longer than a machine stands still before the request is written.
      const graceMilliseconds = 4_000;
      await start(60, graceMilliseconds);
      const fresh = await open("");
      const until = performance.now() + graceMilliseconds + 200;
      await open(GET("/held"));
      await eventually("it is asked", () => held.length === 1);
      ended = listener.stop();
      await eventually("its port is closed", async () => (await connecting()) === "ECONNREFUSED");
      fresh.socket.write(GET("/meanwhile"));
      while (performance.now() < until);
      await once(fresh.socket, "close");
      expect(fresh.text()).toMatch(/Connection: close[^]*answer to \/meanwhile$/i);
    });

    test("closes connections on which nobody asks", async () => {
      await start();
      const [fresh, half, kept] = [await open(""), await open("GET /"), await open(GET("/before"))];
      await eventually("it answers", () => kept.text().includes("answer to /before"));
      ended = listener.stop();
      await Promise.all([fresh, half, kept].map(({ socket }) => once(socket, "close")));
      await ended;
    });

    test("cuts what is not answered within the time for it, and tells how much that was", async () => {
      const logged = await start(0);
      const { socket } = await open(GET("/held"));
      await open("");
      await eventually("it is asked", () => held.length === 1);
      const closed = once(socket, "close");
      ended = listener.stop();
      await Promise.all([ended, closed]);
      expect(logged()).toContain('"event":"requests.cut","listener":"tested","requests":1');
    });

    test("counts the time for it from when the process began to stop", async () => {
      const logged = await start(60);
      await open(GET("/held"));
      await eventually("it is asked", () => held.length === 1);
      ended = listener.stop(performance.now() - 61_000);
      await ended;
      expect(logged()).toContain("requests.cut");
    });
  });
});

/** @returns what comes of a new connection */
function connecting(): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("error", (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? "");
    });
    socket.once("connect", () => {
      socket.destroy();
      resolve("connected");
    });
  });
}
