import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { IdentitySource } from "#token-server/identity/identity-source.js";
import { tokeninfoSource } from "#token-server/identity/tokeninfo/tokeninfo.js";
import { testClock, type TestClock } from "./support/clock.js";
import { jsonService, type JsonService } from "./support/json-service.js";
import { credentials, faultOf, whoIs } from "./support/logins.js";

const ALICE = { uid: "alice", realm: "/employees", scope: ["uid"], expires_in: 3600 };
const DOWN = { status: 503, body: { error: "down" } };
const UNAVAILABLE = "UNAVAILABLE: the token information service is unavailable, try again";

let service: JsonService;
let clock: TestClock;
let source: IdentitySource;

beforeEach(async () => {
  service = await jsonService(() => ({ status: 200, body: ALICE }));
  clock = testClock();
  const url = `${service.url}/oauth2/tokeninfo?env=test`;
  source = tokeninfoSource(url, { cacheSeconds: 60, now: clock.now });
});
afterEach(() => service.stop());

describe("an OAuth token", () => {
  test("is whose the token information service says it is, until when it says", async () => {
    const login = await verify("token-1");
    expect(whoIs(login)).toBe("/employees/alice");
    expect(login.validUntil).toBe(clock.now() / 1000 + 3600);
    expect(login.accessToken?.reveal()).toBe("token-1");
    expect(service.asked[0]?.query.get("access_token")).toBe("token-1");
    expect(service.asked[0]?.query.get("env")).toBe("test");
  });

  test.each<[string, object, object]>([
    [
      "scopes as one text",
      { scope: "uid application.write" },
      { scopes: ["uid", "application.write"] },
    ],
    ["no scopes", { scope: undefined }, { scopes: [] }],
    ["another realm", { realm: "/services" }, { realm: "/services" }],
    ["no realm", { realm: undefined }, { realm: "" }],
  ])("may come with %s", async (_what, change, identity) => {
    service.answer = () => ({ status: 200, body: { ...ALICE, ...change } });
    expect(await verify("token-1")).toMatchObject({ identity });
  });

  test("is asked about once a minute, however often and however concurrently it is used", async () => {
    await Promise.all([verify("token-1"), verify("token-1"), verify("token-1")]);
    clock.advance(59);
    await verify("token-1");
    expect(service.asked).toHaveLength(1);
    clock.advance(1);
    await verify("token-1");
    expect(service.asked).toHaveLength(2);
  });

  test("that was revoked stops within the minute", async () => {
    await verify("token-1");
    service.answer = () => ({ status: 400, body: { error: "invalid_request" } });
    clock.advance(60);
    expect(await faultOf(verify("token-1"))).toMatch(/^UNAUTHORIZED/);
  });

  test("is remembered no longer than it lives", async () => {
    service.answer = () => ({ status: 200, body: { ...ALICE, expires_in: "5" } });
    await verify("token-1");
    clock.advance(5);
    service.answer = () => ({ status: 200, body: { ...ALICE, expires_in: 0 } });
    expect(await faultOf(verify("token-1"))).toMatch(/^UNAUTHORIZED.*expired/);
  });

  test("of one is never answered from the memory of another", async () => {
    service.answer = ({ query }) => ({
      status: 200,
      body: { ...ALICE, uid: query.get("access_token") ?? "" },
    });
    const uids = ["alice", "bob", "alice2", "Alice"];
    const logins = await Promise.all([...uids, ...uids].map(verify));
    expect(logins.map(({ identity }) => identity.uid)).toEqual([...uids, ...uids]);
  });
});

describe("a wrong OAuth token", () => {
  test.each<[number, object]>([
    [400, {}],
    [401, {}],
    [200, { active: false }],
    [200, { error: "invalid_token" }],
  ])("is 401 when the service answers %d %j", async (status, body) => {
    service.answer = () => ({ status, body });
    expect(await faultOf(verify("wrong"))).toBe(
      "UNAUTHORIZED: the OAuth token is not valid or has expired",
    );
  });

  test.each(["", "a\nb", "a\u0000b", "t\u00f6ken"])(
    "is not even asked about when it cannot be one: %j",
    async (token) => {
      expect(await faultOf(verify(token))).toMatch(/^UNAUTHORIZED/);
      expect(service.asked).toEqual([]);
    },
  );

  test("is remembered for a few seconds, so that a new one works soon", async () => {
    service.answer = () => ({ status: 400, body: {} });
    await faultOf(verify("soon-valid"));
    await faultOf(verify("soon-valid"));
    expect(service.asked).toHaveLength(1);
    service.answer = () => ({ status: 200, body: ALICE });
    clock.advance(5);
    expect(whoIs(await verify("soon-valid"))).toBe("/employees/alice");
  });
});

test("a right token of a realm that the service may not say is refused", async () => {
  const mayBeOf = (realm: string) => realm === "/employees";
  source = tokeninfoSource(service.url, { cacheSeconds: 0, now: clock.now, mayBeOf });
  expect(whoIs(await verify("token-1"))).toBe("/employees/alice");
  service.answer = () => ({ status: 200, body: { ...ALICE, realm: "/services" } });
  expect(await faultOf(verify("token-2"))).toMatch(/^UNAUTHORIZED.*its realm is not one/);
});

describe("while the token information service is down", () => {
  test.each<[string, JsonService["answer"]]>([
    ["it answers 500", () => ({ status: 500, body: {} })],
    ["it answers 503", () => DOWN],
    ["it answers 403", () => ({ status: 403, body: {} })],
    ["it answers 404", () => ({ status: 404, body: {} })],
    ["it answers 410", () => ({ status: 410, body: {} })],
    ["it answers 404 with what a right token has", () => ({ status: 404, body: ALICE })],
    ["it answers 410 with an error", () => ({ status: 410, body: { error: "invalid_token" } })],
    ["it asks to come back later", () => ({ status: 429, body: {} })],
    ["it redirects", () => ({ status: 302, body: {} })],
    ["it answers no JSON", () => ({ status: 200, body: "<html>" })],
    ["it answers with another document", () => ({ status: 200, body: { user: "alice" } })],
    ["it answers with more than 1 MiB", () => ({ status: 200, body: "x".repeat(1 << 21) })],
  ])("a login is 503, never 401: %s", async (_what, answer) => {
    service.answer = answer;
    expect(await faultOf(verify("token-1"))).toBe(UNAVAILABLE);
  });

  test("a login is 503 when nobody listens there", async () => {
    await service.stop();
    expect(await faultOf(verify("token-1"))).toBe(UNAVAILABLE);
  });

  test("those who were verified of late go on for the stated time, until a verdict", async () => {
    const url = `${service.url}/oauth2/tokeninfo`;
    source = tokeninfoSource(url, { cacheSeconds: 60, outageSeconds: 600, now: clock.now });
    await verify("token-1");
    service.answer = () => DOWN;
    clock.advance(599);
    expect(whoIs(await verify("token-1"))).toBe("/employees/alice");
    expect(await faultOf(verify("token-2"))).toBe(UNAVAILABLE);
    service.answer = () => ({ status: 401, body: {} });
    clock.advance(0.5);
    expect(await faultOf(verify("token-1"))).toMatch(/^UNAUTHORIZED/);
    service.answer = () => DOWN;
    clock.advance(5);
    expect(await faultOf(verify("token-1"))).toBe(UNAVAILABLE);
  });

  test("those who logged in within the minute go on", async () => {
    await verify("token-1");
    service.answer = () => DOWN;
    clock.advance(59);
    expect(whoIs(await verify("token-1"))).toBe("/employees/alice");
    clock.advance(1);
    expect(await faultOf(verify("token-1"))).toBe(UNAVAILABLE);
  });

  test("it is asked five times, then once every few seconds, and used again when it is back", async () => {
    service.answer = () => DOWN;
    for (let attempt = 0; attempt < 20; attempt += 1) await faultOf(verify(`token-${attempt}`));
    expect(service.asked).toHaveLength(5);
    clock.advance(5);
    await faultOf(verify("token-21"));
    await faultOf(verify("token-22"));
    expect(service.asked).toHaveLength(6);
    service.answer = () => ({ status: 200, body: ALICE });
    clock.advance(5);
    expect(whoIs(await verify("token-23"))).toBe("/employees/alice");
  });
});

function verify(token: string) {
  return source.verify(credentials("oauth2", token));
}
