import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import type { IdentitySource } from "#token-server/identity/identity-source.js";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { oidcSource } from "#token-server/identity/oidc/oidc.js";
import { testClock, type TestClock } from "../integration/logins/support/clock.js";
import type { ServiceAnswer } from "../integration/logins/support/json-service.js";
import { readableLog } from "../integration/logins/support/log.js";
import { credentials, faultOf } from "../integration/logins/support/logins.js";
import { testIssuer, type TestIssuer } from "../integration/logins/support/oidc-issuer.js";

const OUTAGE_SECONDS = 120;
/** Keys are asked for with each token. */
const TIMES = { maxAgeMilliseconds: 0, cooldownMilliseconds: 0, timeoutMilliseconds: 500 };

/** Answers in place of keys; none of them says anything about a token. */
const NOTHING: readonly [string, ServiceAnswer][] = [
  ...[204, 302, 400, 401, 403, 404, 410, 429, 500, 502, 503, 504].map(
    (status): [string, ServiceAnswer] => [`${status}`, { status, body: {} }],
  ),
  ["200 and a page", { status: 200, body: "<html>" }],
  ["200 and no JSON", { status: 200, body: '{"keys": [' }],
  ["200 and another document", { status: 200, body: { jwks: [] } }],
  ["200 and no key at all", { status: 200, body: { keys: [] } }],
  ["200 and keys without a type", { status: 200, body: { keys: [{}] } }],
  ["the end of the connection", "reset"],
  ["silence", "silence"],
];

let issuer: TestIssuer;
let clock: TestClock;
let source: IdentitySource;

beforeEach(async () => {
  issuer = await testIssuer();
  clock = testClock(Date.now());
  const deps = { outageSeconds: OUTAGE_SECONDS, now: clock.now, log: readableLog().log };
  source = oidcSource([trusted()], { ...deps, times: TIMES });
});
afterEach(() => issuer.stop());

describe.each(NOTHING)("an issuer that answers %s where its keys were", (_name, answer) => {
  test("decides nothing about a token that nobody has seen", async () => {
    const token = await newToken();
    issuer.keysAnswer = answer;
    expect(await verify(token)).toMatch(/^UNAVAILABLE/);
    issuer.keysAnswer = null;
    clock.advance(20);
    expect(await verify(token)).toMatch(/^no fault/);
  });

  test("stops nobody who was verified of late, for the stated time", async () => {
    const token = await newToken();
    expect(await verify(token)).toMatch(/^no fault/);
    issuer.keysAnswer = answer;
    clock.advance(OUTAGE_SECONDS - 1);
    expect(await verify(token)).toMatch(/^no fault/);
    expect(await verify(await newToken())).toMatch(/^UNAVAILABLE/);
    clock.advance(1);
    expect(await verify(token)).toMatch(/^UNAVAILABLE/);
  });
});

test("a token whose key its issuer took back is wrong at once, and no outage brings it back", async () => {
  const token = await newToken();
  expect(await verify(token)).toMatch(/^no fault/);
  await issuer.rotate();
  expect(await verify(token)).toMatch(/^UNAUTHORIZED/);
  issuer.keysAnswer = { status: 503, body: {} };
  clock.advance(6);
  expect(await verify(token)).toMatch(/^UNAVAILABLE/);
});

test("a token that has come to its end does not go on through an outage", async () => {
  const token = await issuer.token({
    ...{ sub: "ci", aud: "wharfinger", exp: Math.floor(clock.now() / 1000) + 60 },
  });
  expect(await verify(token)).toMatch(/^no fault/);
  issuer.keysAnswer = { status: 503, body: {} };
  clock.advance(61);
  expect(await verify(token)).toMatch(/^UNAVAILABLE/);
});

describe("a key that is too new to be known yet", () => {
  const COOLDOWN = { ...TIMES, maxAgeMilliseconds: 600_000, cooldownMilliseconds: 600_000 };

  beforeEach(() => {
    const deps = { outageSeconds: OUTAGE_SECONDS, now: clock.now, log: readableLog().log };
    source = oidcSource([trusted()], { ...deps, times: COOLDOWN });
  });

  test("decides nothing while keys are not fetched anew for strangers' sake", async () => {
    expect(await verify(await newToken())).toMatch(/^no fault/);
    await issuer.rotate();
    expect(await verify(await newToken())).toMatch(/^UNAVAILABLE/);
  });

  test("is no excuse for a token that is older than the keys that were fetched", async () => {
    expect(await verify(await newToken())).toMatch(/^no fault/);
    const old = { sub: "ci", aud: "wharfinger", iat: Math.floor(clock.now() / 1000) - 120 };
    expect(await verify(await issuer.token(old, { kid: "unknown" }))).toMatch(/^UNAUTHORIZED/);
  });
});

let subjects = 0;

function trusted() {
  return issuerSchema(z.string()).parse({
    ...{ issuer: issuer.url, audience: "wharfinger", require: "anybody", uid: "sub" },
  });
}

function newToken(): Promise<string> {
  return issuer.token({ sub: `ci-${(subjects += 1)}`, aud: "wharfinger" });
}

function verify(token: string): Promise<string> {
  return faultOf(source.verify(credentials("oidc", token)));
}
