import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { MOST_UNANSWERED } from "#service-kit/http/admission.js";
import { HEAD_LIMITS } from "#service-kit/http/head-limits.js";
import { MOST_CHECK_MILLISECONDS } from "#service-kit/http/server.js";
import { eventually } from "#tests/support/eventually.js";
import { answersIn, ask, rawExchange } from "#tests/support/http-client.js";
import {
  startListeners,
  type AttackedListener,
  type AttackedListeners,
} from "./support/listeners.js";

const MIB = 1024 * 1024;
const NAMES = ["gateway", "token server", "notifications", "metrics"] as const;
const isWhole = process.env["ATTACKS"] === "all";

let listeners: AttackedListeners;
const sockets: Socket[] = [];

beforeAll(async () => {
  listeners = await startListeners();
});
beforeEach(() => {
  listeners.registry.seen.length = 0;
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});
afterAll(() => listeners.stop());

function named(name: string): AttackedListener {
  const found = listeners.all.find((listener) => listener.name === name);
  if (found === undefined) throw new Error(`there is no listener ${name}`);
  return found;
}

/** Opens a connection that goes with the test, and sends something. */
async function open(port: number, bytes: string | Buffer) {
  const socket = connect({ port, host: "127.0.0.1", allowHalfOpen: true });
  sockets.push(socket);
  const received = { text: "", isClosed: false };
  socket.setEncoding("latin1").on("data", (chunk: string) => (received.text += chunk));
  socket.on("error", () => undefined).once("end", () => socket.end());
  socket.once("close", () => (received.isClosed = true));
  await once(socket, "connect");
  if (bytes.length > 0) socket.write(bytes);
  return { socket, received };
}

const HOST = "Host: a";
const fill = (count: number, line: (i: number) => string) =>
  Array.from({ length: count }, (_, i) => line(i));
const get = (lines: readonly string[]) => `GET / HTTP/1.1\r\n${lines.join("\r\n")}\r\n\r\n`;
const chunked = "Transfer-Encoding: chunked";

// prettier-ignore
const REFUSED: readonly [what: string, status: number, bytes: string][] = [
  ["101 headers", 431, get([HOST, ...fill(100, (i) => `X-${i}: 1`)])],
  ["a length behind 1,010 headers", 431, `${get([HOST, ...fill(1010, () => "a: b"), "Content-Length: 60"])}GET /hidden HTTP/1.1\r\nHost: a\r\n\r\n`],
  ["chunks behind 1,010 headers", 431, `${get([HOST, ...fill(1010, () => "a: b"), chunked])}0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n`],
  ["33 KiB in one header", 431, get([HOST, `X-Long: ${"x".repeat(33 * 1024)}`])],
  ["33 KiB in many headers", 431, get([HOST, ...fill(90, (i) => `X-${i}: ${"x".repeat(380)}`)])],
  ["33 KiB of target", 431, `GET /${"x".repeat(33 * 1024)} HTTP/1.1\r\nHost: a\r\n\r\n`],
  ["33 KiB of trailers", 431, `${get([HOST, chunked])}0\r\nX: ${"x".repeat(33 * 1024)}\r\n\r\n`],
  ["no host", 400, get(["Accept: a"])],
  ["two hosts", 400, get([HOST, "Host: b"])],
  ["two logins", 400, get([HOST, "Authorization: a", "Authorization: b"])],
  ["two content types", 400, get([HOST, "Content-Type: a", "Content-Type: b"])],
  ["two ranges", 400, get([HOST, "Range: bytes=0-1", "Range: bytes=2-3"])],
  ["two content ranges", 400, get([HOST, "Content-Range: 0-1", "Content-Range: 2-3"])],
  ["length and chunks", 400, get([HOST, "Content-Length: 5", chunked])],
  ["two lengths", 400, get([HOST, "Content-Length: 5", "Content-Length: 5"])],
  ["another coding", 400, get([HOST, "Transfer-Encoding: gzip, chunked"])],
  ["a coding twice", 400, get([HOST, chunked, chunked])],
  ["chunks in HTTP/1.0", 400, `GET / HTTP/1.0\r\n${chunked}\r\n\r\n0\r\n\r\n`],
  ["a folded header", 400, get([HOST, "X-One: a", " b"])],
  ["a space before the colon", 400, get([HOST, "X-One : a"])],
  ["a bare line feed", 400, get([HOST, "X-One: a\nX-Two: b"])],
  ["a NUL in a header", 400, get([HOST, "X-One: a\0b"])],
  ["another expectation", 417, get([HOST, "Expect: 200-ok"])],
  ["an upgrade", 400, get([HOST, "Connection: Upgrade", "Upgrade: websocket"])],
  ["a tunnel", 405, "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a whole URL", 400, "GET http://a/v2/ HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["an asterisk", 400, "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target that is no ASCII", 400, "GET /v2/\xe9 HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["HTTP/0.9", 400, "GET / HTTP/0.9\r\n\r\n"],
  ["HTTP/2", 400, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["TLS", 405, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["a chunk that is none", 400, `POST /nowhere-to-read HTTP/1.1\r\nHost: a\r\n${chunked}\r\n\r\nxyz\r\n`],
];

/** Right up to somewhere in the body. */
const BREAKS_LATE = ["33 KiB of trailers", "a chunk that is none"];

describe.each(NAMES)("the listener: %s", (name) => {
  test.each(REFUSED)(
    "refuses %s with %i, and answers nothing behind it",
    async (what, status, bytes) => {
      const { port } = named(name);
      const answers = answersIn(await rawExchange(port, Buffer.from(bytes, "latin1")));
      const [answer] = answers;
      // A body that breaks in the middle may have been answered already for want of an endpoint.
      const wanted = BREAKS_LATE.includes(what) ? [status, 401, 404] : [status];
      expect(wanted).toContain(answer?.status);
      expect(answers).toHaveLength(1);
      expect(answer?.headers["connection"]).toBe("close");
      expect(listeners.registry.seen).toEqual([]);
    },
  );

  test("lets a hundred headers and nearly 32 KiB of them in", async () => {
    const { port } = named(name);
    const lines = [HOST, "Connection: close", ...fill(98, (i) => `X-${i}: ${"x".repeat(310)}`)];
    const [answer] = answersIn(await rawExchange(port, get(lines)));
    expect([200, 302, 401, 404]).toContain(answer?.status);
  });

  test("answers so many requests at once and no more", async () => {
    const { port } = named(name);
    const text = await rawExchange(port, get([HOST]).repeat(30));
    const statuses = answersIn(text).map(({ status }) => status);
    expect(statuses.slice(0, MOST_UNANSWERED)).not.toContain(429);
    expect(statuses[MOST_UNANSWERED]).toBe(429);
    expect(statuses.length).toBeLessThanOrEqual(30);
  });

  test.each(["Connection: keep-alive", "Connection: close"])(
    "is heard by a client that sends 24 MiB first (%s)",
    async (connection) => {
      const { port } = named(name);
      const head = `POST /v2/alpha/app/blobs/uploads/?digest=x HTTP/1.1\r\nHost: a\r\n${connection}`;
      const { socket, received } = await open(
        port,
        `${head}\r\nContent-Length: ${24 * MIB}\r\n\r\n`,
      );
      for (let sent = 0; sent < 24; sent += 1)
        if (!socket.destroyed && !socket.write(Buffer.alloc(MIB)))
          // It may be closed behind the answer, when what is left of the body does not come in time.
          await eventually("it may send more", () => !socket.writableNeedDrain || socket.destroyed);
      await eventually("the end", () => received.isClosed);
      expect([401, 403, 404]).toContain(answersIn(received.text)[0]?.status);
    },
  );

  test("keeps no more connections of one source than it may, idle ones first", async () => {
    const { port, perSource, probe } = named(name);
    const opened = await Promise.all(
      fill(perSource + 10, () => "").map((bytes) => open(port, bytes)),
    );
    const still = () => opened.filter(({ received }) => !received.isClosed).length;
    await eventually("the oldest have given way", () => still() <= perSource);
    if (probe !== null) expect((await ask(`http://127.0.0.1:${port}`, probe)).status).toBe(200);
  });

  test("says so to a source that uses all it may, and still answers whoever watches", async () => {
    const { port, perSource, probe, waiting } = named(name);
    // The two others have nothing that a stranger could make them wait for.
    if (waiting === null || probe === null) return;
    const awaited = waiting.replace(HOST, `${HOST}\r\nExpect: 100-continue`);
    const used = await Promise.all(
      fill(perSource, () => awaited).map((bytes) => open(port, bytes)),
    );
    await eventually("all are in use", () =>
      used.every(({ received }) => received.text.includes("100 Continue")),
    );
    const url = `http://127.0.0.1:${port}`;
    expect((await ask(url, "/v2/")).status).toBe(429);
    const refused = await ask(url, "/v2/");
    expect(refused.headers["retry-after"]).toMatch(/^\d+$/);
    expect(refused.headers["connection"]).toBe("close");
    expect((await ask(url, probe)).status).toBe(200);
    expect(used.every(({ received }) => !received.isClosed)).toBe(true);
  });
});

describe("bodies without an end", () => {
  test("into /token are ended at the gateway and at the token server, and none holds another connection", async () => {
    const both = [named("gateway"), named("token server")];
    const slow = await Promise.all(both.map(({ port, waiting }) => open(port, waiting ?? "")));
    const drops = setInterval(() => {
      for (const { socket } of slow) socket.write("x");
    }, 1_000);
    await eventually("both are told", () =>
      slow.every(({ received }) => received.text.includes("}")),
    );
    clearInterval(drops);
    for (const { received } of slow) expect(answersIn(received.text)[0]?.status).toBe(408);
    expect(listeners.authority.server.seen.map(({ target }) => target)).not.toContain("/token");
  });

  test("of a manifest are ended before the registry hears of them", async () => {
    const bearer = await listeners.authority.bearer(["pull", "push"]);
    const head = `PUT /v2/alpha/app/manifests/1 HTTP/1.1\r\nHost: a\r\nAuthorization: ${bearer}`;
    const { socket, received } = await open(
      named("gateway").port,
      `${head}\r\nContent-Length: 9000\r\n\r\n`,
    );
    const drops = setInterval(() => socket.write("x"), 1_000);
    await eventually("it is told", () => received.text.includes("}"));
    clearInterval(drops);
    expect(answersIn(received.text)[0]?.status).toBe(408);
    expect(listeners.registry.seen).toEqual([]);
  });
});

(isWhole ? describe : describe.skip)("heads without an end", () => {
  test("are ended by every listener, dripping or silent", async () => {
    const starts = ["", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "];
    const slow = await Promise.all(
      listeners.all.flatMap(({ port }) => starts.map((bytes) => open(port, bytes))),
    );
    const drops = setInterval(() => {
      for (const { socket, received } of slow) if (!received.isClosed) socket.write("x");
    }, 1_000);
    const within = HEAD_LIMITS.milliseconds + MOST_CHECK_MILLISECONDS + 5_000;
    await eventually(
      "all are told",
      () => slow.every(({ received }) => received.text !== ""),
      within,
    );
    clearInterval(drops);
    for (const { received } of slow)
      expect([405, 408]).toContain(answersIn(received.text)[0]?.status);
  });
});
