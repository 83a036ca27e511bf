import fc from "fast-check";

/** Bytes as an attacker sends them. */
export interface RawAttack {
  /** Written one after the other. */
  readonly pieces: readonly string[];
  /** How the attacker's side of the connection ends. */
  readonly ending: "half-close" | "destroy";
}

/** Who sends: whatever is generated shows the attacker's own credentials or none. */
export interface Attacker {
  readonly bearer: string;
  readonly basic: string;
}

/** A target that no generated request line has: it stands in bodies alone, in a request that nobody authorised. */
export const HIDDEN_TARGET = "/v2/beta/secret/manifests/1.0";

const DIGEST = `sha256:${"ab".repeat(32)}`;
const HIDDEN = `GET ${HIDDEN_TARGET} HTTP/1.1\r\nHost: registry\r\nX-Swallow: `;
const HIDDEN_WHOLE = `${HIDDEN}1\r\n\r\n`;

const METHODS = ["GET", "HEAD", "DELETE", "POST", "PUT", "PATCH"];
const ODD_METHODS = ["OPTIONS", "TRACE", "CONNECT", "get", "GET\t", "", "PRI", "SMUGGLE"];
/** Requests that there are: by these alone something gets through, and can be led astray. */
const WELL_FORMED: readonly (readonly [method: string, target: string])[] = [
  ["GET", `/v2/alpha/app/blobs/${DIGEST}`],
  ["HEAD", `/v2/alpha/app/blobs/${DIGEST}`],
  ["GET", `/v2/alpha/app/manifests/${DIGEST}`],
  ["GET", `/v2/alpha/app/referrers/${DIGEST}?artifactType=a/b`],
  ["POST", "/v2/alpha/app/blobs/uploads/"],
  ["POST", `/v2/alpha/app/blobs/uploads/?mount=${DIGEST}&from=alpha/app`],
  ["PATCH", "/v2/alpha/app/blobs/uploads/s1?_state=a%2Bb%3D"],
  ["PUT", `/v2/alpha/app/blobs/uploads/s1?_state=x&digest=${DIGEST}`],
  ["GET", "/v2/alpha/app/blobs/uploads/s1?_state=x"],
  ["DELETE", "/v2/alpha/app/blobs/uploads/s1?_state=x"],
  ["GET", "/token?service=wharfinger&scope=repository:alpha/app:pull"],
  ["POST", "/token"],
  ["GET", "/api/v1/refresh-tokens"],
];
const TARGETS = [
  `/v2/alpha/app/blobs/${DIGEST}`,
  `/v2/alpha/app/manifests/${DIGEST}`,
  `/v2/alpha/app/referrers/${DIGEST}?artifactType=a/b`,
  "/v2/alpha/app/blobs/uploads/",
  `/v2/alpha/app/blobs/uploads/?mount=${DIGEST}&from=alpha/app`,
  "/v2/alpha/app/blobs/uploads/s1?_state=a%2Bb%3D",
  `/v2/alpha/app/blobs/uploads/s1?_state=x&digest=${DIGEST}`,
  "/token?service=wharfinger&scope=repository:alpha/app:pull",
  "/token",
  "/api/v1/refresh-tokens",
  "/api/v1/explain?action=pull",
];
const ODD_TARGETS = [
  "/v2/",
  "/v2/alpha/app/manifests/..",
  "*",
  "http://registry/v2/alpha/app/tags/list",
  "//registry/token",
  "/token\0",
  "/token#x",
  "/token?a=\xff\xfe",
  "/token?service=wharfinger HTTP/1.1\r\nX-Injected: 1",
  "token",
];
const ODD_VERSIONS = ["HTTP/1.0", "HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "http/1.1", "", "HTTP/1.1 x"];

/** Headers that frame a body, or look to somebody as though they did; `N` is the body's length. */
const FRAMINGS = [
  ...["Content-Length: N", "content-length:N", "Content-Length: 0", "Content-Length: M"],
  ...["Transfer-Encoding: chunked", "transfer-encoding:Chunked", "Transfer-Encoding: \tchunked "],
];
const ODD_FRAMINGS = [
  ...["Content-Length: +N", "Content-Length: -N", "Content-Length: 0xN", "Content-Length: N, N"],
  ...["Content-Length: ", "Content-Length: N ", "Content-Length: 99999999999999999999"],
  ...["Content-Length : N", "Content_Length: N", "Content-Length\t: N", " Content-Length: N"],
  ...["Content-Length: N\n", "Content-Length: N\rX: 1", "X: 1\r\n Content-Length: N"],
  ...["Content-Length:\r\n N", "X: 1\nContent-Length: N", "X: 1\rContent-Length: N"],
  ...["Transfer-Encoding: xchunked", "Transfer-Encoding: chunked, identity"],
  ...[
    "Transfer-Encoding: identity",
    "Transfer-Encoding: gzip, chunked",
    "Transfer_Encoding: chunked",
  ],
  ...[
    "Transfer-Encoding : chunked",
    "Transfer-Encoding:\r\n chunked",
    "Transfer-Encoding: chunked\x0b",
  ],
  ...[
    "Transfer-Encoding: \x0cchunked",
    'Transfer-Encoding: "chunked"',
    "X: y\0Transfer-Encoding: chunked",
  ],
  ...[
    "Transfer-Encoding\0: chunked",
    "Tra\xe4sfer-Encoding: chunked",
    "Transfer-Encoding: chunked;q=1",
  ],
  ...["Transfer-Encoding: chunked\nX: 1", "X: 1\r\n\tTransfer-Encoding: chunked"],
];
const EXTRAS = [
  ...["Connection: close", "Connection: keep-alive", "Connection: content-length, close"],
  ...["Connection: transfer-encoding", "Connection: upgrade\r\nUpgrade: websocket"],
  ...["Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk"],
  ...["Expect: 100-continue", "Expect: 200-ok", "Trailer: Content-Length", "TE: trailers"],
  ...["Host: other", "X-HTTP-Method-Override: DELETE", "X-Forwarded-For: 192.0.2.1", "X: a\0b"],
  ...[
    "Range: bytes=0-1",
    "Range: bytes=0-1\xe4",
    "Accept: a/b",
    "User-Agent: \xe4gent",
    ": nothing",
  ],
  ...["Content-Type: application/x-www-form-urlencoded", "Cookie: a=b", "X-Request-Id: mine"],
];

const BODIES = ["", "x", HIDDEN, HIDDEN_WHOLE, `${HIDDEN_WHOLE}${HIDDEN}`, "\r\n", "0\r\n\r\n"];

/** How a body is put into chunks, or into what somebody might take for chunks. */
const CHUNKINGS: readonly ((body: string) => string)[] = [
  (body) => body,
  (body) => body,
  (body) => `${hex(body)}\r\n${body}\r\n0\r\n\r\n`,
  (body) => `${hex(body)}\r\n${body}\r\n0\r\n\r\n`,
  () => "0\r\n\r\n",
  (body) => `0\r\n\r\n${body}`,
  (body) => `${hex(body)};name="va\\"lue"\r\n${body}\r\n0\r\n\r\n`,
  (body) => `${hex(body)};a\n${body}\r\n0\r\n\r\n`,
  (body) => `${hex(body)}\n${body}\n0\n\n`,
  (body) => `000000${hex(body)}\r\n${body}\r\n0\r\n\r\n`,
  (body) => `+${hex(body)}\r\n${body}\r\n0\r\n\r\n`,
  (body) => `0x${hex(body)}\r\n${body}\r\n0\r\n\r\n`,
  (body) => `-1\r\n${body}\r\n0\r\n\r\n`,
  (body) => `${hex(body)} \r\n${body}\r\n0\r\n\r\n`,
  (body) => `fffffffffffffffff\r\n${body}\r\n0\r\n\r\n`,
  (body) => `${hex(body)}\r\n${body}0\r\n\r\n`,
  (body) => `${hex(body)}\r\n${body}XX0\r\n\r\n`,
  (body) => `1\r\n${body}\r\n0\r\n\r\n`,
  (body) => `${hex(body)}\r\n${body}\r\n0\r\nContent-Length: 5\r\nX: 1\r\n\r\n`,
  (body) => `${hex(body)}\r\n${body}\r\n0\r\n${HIDDEN_WHOLE}`,
  (body) => `${hex(body)}\r\n${body}\r\n`,
  (body) => `${hex(body)}\r\n${body.slice(0, -1)}`,
  (body) => `ZZ\r\n${body}\r\n0\r\n\r\n`,
];

/** Mostly of the first kind, so that what is odd stands in requests that are well formed otherwise. */
function mostly<T>(usual: readonly T[], odd: readonly T[], usualWeight = 8): fc.Arbitrary<T> {
  return fc.oneof(
    { weight: usualWeight, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
}

/** What says where a body ends, before and after the other headers, and the body. */
interface Frame {
  readonly headers: readonly string[];
  readonly late: readonly string[];
  readonly text: string;
}

/** One framing, and a body that is framed so: right where a body belongs, and an attack where none does. */
const PROPER: fc.Arbitrary<Frame> = fc
  .record({ body: fc.constantFrom(...BODIES), isChunked: fc.boolean(), isLate: fc.boolean() })
  .map(({ body, isChunked, isLate }) => {
    const header = isChunked ? "Transfer-Encoding: chunked" : `Content-Length: ${body.length}`;
    const text = isChunked ? chunked(body) : body;
    return { headers: isLate ? [] : [header], late: isLate ? [header] : [], text };
  });

/** Anything. */
const ODD: fc.Arbitrary<Frame> = fc
  .record({
    headers: fc.array(mostly(FRAMINGS, ODD_FRAMINGS, 2), { maxLength: 2 }),
    late: fc.array(mostly(FRAMINGS, ODD_FRAMINGS, 2), { maxLength: 2 }),
    body: fc.constantFrom(...BODIES),
    chunking: fc.constantFrom(...CHUNKINGS),
  })
  .map(({ headers, late, body, chunking }) => {
    const text = chunking(body);
    const sized = (header: string) =>
      header.replaceAll("N", String(text.length)).replaceAll("M", String(text.length + 7));
    return { headers: headers.map(sized), late: late.map(sized), text };
  });

/** Numbers of headers around everything that bounds them. */
const FILLERS = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(0, 1, 5) },
  { weight: 2, arbitrary: fc.integer({ min: 90, max: 130 }) },
  { weight: 3, arbitrary: fc.integer({ min: 990, max: 1100 }) },
  { weight: 1, arbitrary: fc.constantFrom(30, 31, 32, 33, 63, 64, 1999, 2000, 2001) },
);

/**
 * @param attacker - whose credentials the requests show, when they show any
 * @returns raw requests of every kind that two programs could read differently
 */
export function rawAttacks(attacker: Attacker): fc.Arbitrary<RawAttack> {
  const line = fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...WELL_FORMED) },
    {
      weight: 1,
      arbitrary: fc.tuple(mostly(METHODS, ODD_METHODS), mostly(TARGETS, ODD_TARGETS)),
    },
  );
  const request = fc
    .record({
      line,
      version: mostly(["HTTP/1.1"], ODD_VERSIONS, 20),
      isKnown: mostly([true], [false], 6),
      fillers: FILLERS,
      frame: fc.oneof(
        { weight: 2, arbitrary: PROPER },
        { weight: 3, arbitrary: fc.constant({ headers: [], late: [], text: "" }) },
        { weight: 2, arbitrary: ODD },
      ),
      extras: fc.oneof(
        { weight: 3, arbitrary: fc.constant([]) },
        { weight: 1, arbitrary: fc.array(fc.constantFrom(...EXTRAS), { maxLength: 2 }) },
      ),
      lineEnd: mostly(["\r\n"], ["\n", "\r", "\r\r\n"], 30),
    })
    .map((parts) => write(attacker, parts));
  return fc
    .record({
      requests: fc.array(request, { minLength: 1, maxLength: 3 }),
      cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 2 }),
      ending: mostly<RawAttack["ending"]>(["half-close"], ["destroy"], 4),
    })
    .map(({ requests, cuts, ending }) => ({ pieces: split(requests.join(""), cuts), ending }));
}

function write(
  { bearer, basic }: Attacker,
  parts: {
    readonly line: readonly [method: string, target: string];
    readonly version: string;
    readonly isKnown: boolean;
    readonly fillers: number;
    readonly frame: Frame;
    readonly extras: readonly string[];
    readonly lineEnd: string;
  },
): string {
  const [method, target] = parts.line;
  const credentials = target.startsWith("/v2") ? bearer : basic;
  const lines = [
    `${method} ${target} ${parts.version}`,
    "Host: gateway",
    ...(parts.isKnown ? [`Authorization: ${credentials}`] : []),
    ...parts.frame.headers,
    ...parts.extras,
    ...Array.from({ length: parts.fillers }, (_, at) => `a${at}:b`),
    ...parts.frame.late,
  ];
  return `${lines.join(parts.lineEnd)}${parts.lineEnd}${parts.lineEnd}${parts.frame.text}`;
}

function split(text: string, cuts: readonly number[]): string[] {
  const places = [...cuts.map((cut) => Math.floor(cut * text.length)), text.length].sort(
    (a, b) => a - b,
  );
  return places.map((end, at) => text.slice(places[at - 1] ?? 0, end)).filter((one) => one !== "");
}

function chunked(body: string): string {
  return body === "" ? "0\r\n\r\n" : `${hex(body)}\r\n${body}\r\n0\r\n\r\n`;
}

function hex(body: string): string {
  return body.length.toString(16);
}
