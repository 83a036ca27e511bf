import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startBetweenRecorders, type BetweenRecorders } from "./support/between-recorders.js";
import { HIDDEN_TARGET } from "./support/raw-requests.js";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const BLOB = `/v2/alpha/app/blobs/${DIGEST}`;
const SESSION = "/v2/alpha/app/blobs/uploads/s1";
const HIDDEN = `GET ${HIDDEN_TARGET} HTTP/1.1\r\nHost: registry\r\n\r\n`;
const OPEN = `GET ${HIDDEN_TARGET} HTTP/1.1\r\nHost: registry\r\nX-Rest: `;
const CHUNK = `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`;

/** One request by which other proxies, or servers behind them, were led astray. */
interface Case {
  readonly what: string;
  readonly method: string;
  readonly headers: readonly string[];
  readonly body: string;
  readonly target?: string;
}

const CHUNKED = "Transfer-Encoding: chunked";
const KEPT = [
  "keep-alive",
  "keep-alive, upgrade",
  "Transfer-Encoding, upgrade",
  "close, content-length",
];
const LENGTH = `Content-Length: ${HIDDEN.length}`;

const HOP_BY_HOP: readonly Case[] = ["DELETE", "OPTIONS", "GET", "HEAD"].flatMap((method) =>
  KEPT.map((connection) => ({
    what: `a chunked ${method} with Connection: ${connection}`,
    method,
    headers: [CHUNKED, `Connection: ${connection}`],
    body: CHUNK,
  })),
);

const TWO_FRAMINGS: readonly Case[] = [
  ["a length that one, and chunks that the other believes", ["Content-Length: 4", CHUNKED]],
  ["chunks that one, and a length that the other believes", [CHUNKED, LENGTH]],
  ["a length twice", [LENGTH, "Content-Length: 0"]],
  ["a length twice in one header", [`Content-Length: 0, ${HIDDEN.length}`]],
  ["chunks named twice", [CHUNKED, "Transfer-Encoding: identity"]],
  ["a coding that is none", ["Transfer-Encoding: xchunked", LENGTH]],
  ["a coding behind a vertical tab", ["Transfer-Encoding: \x0bchunked"]],
  ["a coding behind a form feed", ["Transfer-Encoding: \x0cchunked"]],
  ["a coding in quotes", ['Transfer-Encoding: "chunked"']],
  ["a coding with a parameter", ["Transfer-Encoding: chunked; q=1"]],
  ["a coding of several", ["Transfer-Encoding: cow, chunked"]],
  ["a coding on a line that is folded", ["Transfer-Encoding:", " chunked"]],
  ["a coding behind a folded header", ["X: 1", "\tTransfer-Encoding: chunked"]],
  ["a coding behind a bare CR", [`X: 1\r${CHUNKED}`]],
  ["a coding behind a bare LF", [`X: 1\n${CHUNKED}`]],
  ["a coding behind a NUL", [`X: 1\0${CHUNKED}`]],
  ["a name with a blank at its end", ["Transfer-Encoding : chunked"]],
  ["a name with an underscore", ["Transfer_Encoding: chunked"]],
  ["a length with an underscore in it", [`Content-Length: ${HIDDEN.length}_0`]],
  ["a length with a sign", [`Content-Length: +${HIDDEN.length}`]],
  ["a length in other digits", ["Content-Length: 0x4d"]],
  ["a length that overflows", ["Content-Length: 18446744073709551616"]],
  ["no name, which ends the headers for some", [": x", LENGTH]],
  ["a name so long that its length overflows", [`Content-Length0${"a".repeat(255)}:`, LENGTH]],
  [
    "a key of an old websocket, which has eight bytes of body",
    ["Sec-WebSocket-Key1: x", "Upgrade: WebSocket"],
  ],
].map(([what, headers]) => ({
  what: `with ${String(what)}`,
  method: "PATCH",
  target: SESSION,
  headers: headers as string[],
  body: CHUNK,
}));

const CHUNKS: readonly Case[] = [
  [
    "an extension that ends with a bare LF",
    `2;\n66\r\n${HIDDEN.length.toString(16)}\r\n0\r\n\r\n${OPEN}`,
  ],
  ["an extension with a bare CR in it", `0;a\rb\r\n\r\n${OPEN}`],
  ["a size behind a plus", `+0\r\n\r\n${OPEN}`],
  ["a size behind 0x", `0x0\r\n\r\n${OPEN}`],
  ["a size that is cut to 32 bits", `100000000\r\n\r\n${OPEN}`],
  ["a size that is cut to 64 bits", `10000000000000000\r\n\r\n${OPEN}`],
  ["a negative size", `-1\r\n${OPEN}`],
  ["no size", `\r\n${OPEN}`],
  ["a size of letters", `chunk\r\n${OPEN}`],
  ["a size with a blank before it", ` 0\r\n\r\n${OPEN}`],
  ["lines that end with LF", `0\n\n${OPEN}`],
  ["bytes behind a chunk", `1\r\naXX\r\n0\r\n\r\n${OPEN}`],
  ["a trailer that frames", `0\r\nContent-Length: ${OPEN.length}\r\n\r\n${OPEN}`],
  ["a request for a trailer", `0\r\n${OPEN}\r\n\r\n`],
].map(([what = "", body = ""]) => ({
  what: `in chunks with ${what}`,
  method: "PATCH",
  target: SESSION,
  headers: [CHUNKED],
  body,
}));

const NO_BODY: readonly Case[] = [
  { what: "a length that the head alone believes", method: "GET", headers: [LENGTH], body: HIDDEN },
  {
    what: "an expectation, and a body without waiting",
    method: "GET",
    headers: [LENGTH, "Expect: 100-continue"],
    body: HIDDEN,
  },
  {
    what: "an expectation that is none",
    method: "PATCH",
    target: SESSION,
    headers: [LENGTH, "Expect: y 100-continue"],
    body: HIDDEN,
  },
  {
    what: "a change to HTTP/2 in the clear",
    method: "GET",
    headers: ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABk"],
    body: `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${HIDDEN}`,
  },
  {
    what: "a websocket that does not come about",
    method: "GET",
    headers: ["Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 777"],
    body: HIDDEN,
  },
  {
    what: "another method in a header",
    method: "POST",
    target: "/v2/alpha/app/blobs/uploads/",
    headers: ["X-HTTP-Method-Override: GET", LENGTH],
    body: HIDDEN,
  },
  {
    what: "line ends in the target",
    method: "GET",
    target: `${BLOB}%20HTTP/1.1%0d%0aHost:%20r%0d%0a%0d%0aGET%20${HIDDEN_TARGET}`,
    headers: [],
    body: "",
  },
  {
    what: "a login by GET with a body",
    method: "GET",
    target: "/token",
    headers: [LENGTH],
    body: HIDDEN,
  },
  {
    what: "a login whose body is shorter than announced",
    method: "POST",
    target: "/token",
    headers: [`Content-Length: ${HIDDEN.length + 10}`],
    body: HIDDEN,
  },
];

let between: BetweenRecorders;
let bearer: string;

beforeAll(async () => {
  between = await startBetweenRecorders();
  bearer = await between.authority.bearer(["pull", "push"]);
});
afterAll(() => between.stop());

describe("what led others astray does no harm here", () => {
  test.each([...HOP_BY_HOP, ...TWO_FRAMINGS, ...CHUNKS, ...NO_BODY])(
    "$what",
    async ({ method, target = BLOB, headers, body }) => {
      const known = target.startsWith("/v2/") ? [`Authorization: ${bearer}`] : [];
      const head = [`${method} ${target} HTTP/1.1`, "Host: g", ...known, ...headers].join("\r\n");
      const text = `${head}\r\n\r\n${body}`;
      const splits = [[text], [`${head}\r\n`, `\r\n${body}`], [`${head}\r\n\r\n`, body]];
      for (const pieces of splits) {
        await between.attack({ pieces: pieces.filter((one) => one !== ""), ending: "half-close" });
        await between.beVictim();
      }
      const seen = [...between.registry.requests, ...between.tokenServer.requests];
      expect(seen.map((request) => request.target)).not.toContain(HIDDEN_TARGET);
      expect(between.unmeant()).toEqual([]);
    },
  );
});
