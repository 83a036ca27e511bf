import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";
import {
  jsonService,
  type JsonService,
  type ServiceAnswer,
} from "../integration/logins/support/json-service.js";

/** What an answer says of credentials. */
type Meaning = "right" | "wrong" | "not decided";

const OUTAGE_SECONDS = 600;
const TOKEN_INFO = { uid: "carol", realm: "/employees", scope: ["uid"], expires_in: 36_000 };

/** Answers that decide nothing, of whatever service: a wrong route, a firewall, an outage, a page of a proxy. */
const NOTHING: readonly [string, ServiceAnswer][] = [
  ...[204, 301, 302, 307, 402, 403, 404, 405, 408, 410, 414, 418, 425, 429, 431].map(
    (status): [string, ServiceAnswer] => [`${status}`, { status, body: {} }],
  ),
  ...[500, 501, 502, 503, 504, 511].map((status): [string, ServiceAnswer] => [
    `${status}`,
    { status, body: { error: "invalid_token" } },
  ]),
  ["403 that says invalid_token", { status: 403, body: { error: "invalid_token" } }],
  ["200 and a page", { status: 200, body: "<html>log in</html>" }],
  ["200 and half of a document", { status: 200, body: '{"uid": "car' }],
  ["200 and nothing", { status: 200, body: "" }],
  ["200 and more than 1 MiB", { status: 200, body: "x".repeat(1 << 21) }],
  ["the end of the connection", "reset"],
  ["silence", "silence"],
];

const OF_TOKENS: readonly [string, ServiceAnswer, Meaning][] = [
  ["200 and token info", { status: 200, body: TOKEN_INFO }, "right"],
  ["400", { status: 400, body: { error: "invalid_request" } }, "wrong"],
  ["400 and a page", { status: 400, body: "<html>" }, "wrong"],
  ["401", { status: 401, body: {} }, "wrong"],
  ["200 and active: false", { status: 200, body: { active: false } }, "wrong"],
  ["200 and error: invalid_token", { status: 200, body: { error: "invalid_token" } }, "wrong"],
  ["200 and no life left", { status: 200, body: { ...TOKEN_INFO, expires_in: 0 } }, "wrong"],
  ["200 and error: server_error", { status: 200, body: { error: "server_error" } }, "not decided"],
  ["200 and another document", { status: 200, body: { user: "carol" } }, "not decided"],
  ["200 and a list", { status: 200, body: [TOKEN_INFO] }, "not decided"],
  ...NOTHING.map(([name, answer]): [string, ServiceAnswer, Meaning] => [
    name,
    answer,
    "not decided",
  ]),
];

/** The machine service says nothing but its status: a page is as good as a document. */
const OF_MACHINES: readonly [string, ServiceAnswer, Meaning][] = [
  ["200", { status: 200, body: {} }, "right"],
  ["400", { status: 400, body: {} }, "wrong"],
  ["401", { status: 401, body: {} }, "wrong"],
  ["200 and valid: false", { status: 200, body: { valid: false } }, "wrong"],
  ...NOTHING.filter(([name]) => !/^200 and (?!more)/.test(name)).map(
    ([name, answer]): [string, ServiceAnswer, Meaning] => [name, answer, "not decided"],
  ),
];

const STATUS = { right: 200, wrong: 401, "not decided": 503 };

let service: JsonService;
let server: TestTokenServer;
let answer: ServiceAnswer;
let shown = 0;

beforeAll(async () => {
  service = await jsonService(() => answer);
  server = await startTestTokenServer({
    identity: {
      tokeninfoUrl: `${service.url}/tokeninfo`,
      teamServiceUrl: null,
      iidinfoUrl: `${service.url}/iidinfo`,
      outageSeconds: OUTAGE_SECONDS,
    },
  });
});
afterAll(async () => {
  await server.stop();
  await service.stop();
});

describe.each(OF_TOKENS)("the token service answers %s", (_name, said, meaning) => {
  const right: ServiceAnswer = { status: 200, body: TOKEN_INFO };

  test(`to a token that nobody has seen: ${meaning}`, async () => {
    const token = newCredential();
    expect(await logIn("oauth2", token, said)).toBe(STATUS[meaning]);
  });

  test("to a token that was right: only a verdict stops it, and then at once and for good", async () => {
    const token = newCredential();
    expect(await logIn("oauth2", token, right)).toBe(200);
    const during = meaning === "wrong" ? 401 : 200;
    expect(await logIn("oauth2", token, said)).toBe(during);
    const after = meaning === "wrong" ? 503 : 200;
    expect(await logIn("oauth2", token, { status: 503, body: {} })).toBe(after);
    server.advance(OUTAGE_SECONDS);
    expect(await logIn("oauth2", token, { status: 503, body: {} })).toBe(503);
  });

  test("to the login behind a refresh token: only a verdict ends it, and that for good", async () => {
    const refreshToken = await newRefreshToken(right);
    server.advance(OUTAGE_SECONDS);
    expect(await refresh(refreshToken, said)).toBe(STATUS[meaning]);
    expect(await refresh(refreshToken, right)).toBe(meaning === "wrong" ? 401 : 200);
  });
});

describe.each(OF_MACHINES)("the machine service answers %s", (_name, said, meaning) => {
  const right: ServiceAnswer = { status: 200, body: {} };

  test(`to a document that nobody has seen: ${meaning}`, async () => {
    expect(await logIn("instance-identity-document", newCredential(), said)).toBe(STATUS[meaning]);
  });

  test("to a document that was right: only a verdict stops it", async () => {
    const document = newCredential();
    expect(await logIn("instance-identity-document", document, right)).toBe(200);
    server.advance(61);
    const during = meaning === "wrong" ? 401 : 200;
    expect(await logIn("instance-identity-document", document, said)).toBe(during);
  });
});

describe("answers that decide nothing", () => {
  test("for one token, however often, keep nobody else from logging in", async () => {
    const right: ServiceAnswer = { status: 200, body: TOKEN_INFO };
    service.answer = ({ query }) =>
      query.get("access_token")?.startsWith("malformed") === true
        ? { status: 500, body: {} }
        : right;
    try {
      for (let round = 0; round < 20; round += 1) {
        const malformed = ["a", "b", "c"].map((end) => ask("oauth2", `malformed-${round}${end}`));
        expect(await ask("oauth2", newCredential())).toBe(200);
        expect(await Promise.all(malformed)).toEqual([503, 503, 503]);
      }
    } finally {
      service.answer = () => answer;
    }
  });
});

describe("one token that breaks the service", () => {
  test.each<[string, ServiceAnswer]>([
    ["502", { status: 502, body: {} }],
    ["504", { status: 504, body: {} }],
    ["the end of the connection", "reset"],
  ])("by %s, however often, keeps nobody else from logging in", async (_name, broken) => {
    server.advance(20);
    service.answer = ({ query }) =>
      query.get("access_token") === "breaking" ? broken : { status: 200, body: TOKEN_INFO };
    try {
      for (let round = 0; round < 12; round += 1) expect(await ask("oauth2", "breaking")).toBe(503);
      expect(await ask("oauth2", newCredential())).toBe(200);
    } finally {
      service.answer = () => answer;
    }
  });
});

/** Logs in while the service answers so; long enough after everything before that none of it counts. */
async function logIn(user: string, secret: string, said: ServiceAnswer): Promise<number> {
  server.advance(20);
  answer = said;
  return ask(user, secret);
}

async function ask(user: string, secret: string): Promise<number> {
  return (await server.http.get("/token").auth(user, secret)).status;
}

async function newRefreshToken(said: ServiceAnswer): Promise<string> {
  server.advance(20);
  answer = said;
  const login = await server.http
    .get("/token")
    .query({ offline_token: "true", client_id: "docker" })
    .auth("oauth2", newCredential());
  return (login.body as { refresh_token: string }).refresh_token;
}

async function refresh(token: string, said: ServiceAnswer): Promise<number> {
  server.advance(20);
  answer = said;
  const form = { grant_type: "refresh_token", refresh_token: token, client_id: "docker" };
  return (await server.http.post("/token").type("form").send(form)).status;
}

function newCredential(): string {
  return `credential-${(shown += 1)}`;
}
