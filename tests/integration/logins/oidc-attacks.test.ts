import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import type { IdentitySource } from "#token-server/identity/identity-source.js";
import type { KeyTimes } from "#token-server/identity/oidc/issuer-keys.js";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { oidcSource } from "#token-server/identity/oidc/oidc.js";
import { readableLog, type ReadableLog } from "./support/log.js";
import { credentials, faultOf } from "./support/logins.js";
import { newIssuerKey, testIssuer, unsignedToken, type TestIssuer } from "./support/oidc-issuer.js";
import { GITHUB_CLAIMS, GITHUB_ISSUER } from "./support/platforms.js";

const TIMES = { maxAgeMilliseconds: 60_000, cooldownMilliseconds: 0, timeoutMilliseconds: 3_000 };
const MINUTE = 60_000;

let issuer: TestIssuer;
let source: IdentitySource;
let log: ReadableLog;
let claims: object;

beforeEach(async () => {
  issuer = await testIssuer();
  log = readableLog();
  source = sourceWith({});
  claims = { ...GITHUB_CLAIMS, iss: issuer.url };
});
afterEach(() => issuer.stop());

describe("a token is refused", () => {
  test("when nobody signed it (alg none)", async () => {
    for (const alg of ["none", "None", "NONE"])
      expect(await outcome(unsignedToken({ alg, typ: "JWT" }, claims))).toMatch(/^UNAUTHORIZED/);
  });

  test("when it is signed with the public key as a password (HS256)", async () => {
    expect(await outcome(await issuer.forgeWithPublicKey(claims))).toMatch(/^UNAUTHORIZED/);
  });

  test("when it is signed with a key of the issuer by an algorithm that is not in the list", async () => {
    source = sourceWith({ algorithms: ["RS256"] });
    expect(await outcome(await issuer.token(claims))).toMatch(/^UNAUTHORIZED/);
  });

  test("when its signature or its claims were changed", async () => {
    const token = await issuer.token(claims);
    const [header, payload = "", signature = ""] = token.split(".");
    const changed = Buffer.from(payload, "base64url").toString().replace("acme/app", "evil/app");
    const forged = [header, Buffer.from(changed).toString("base64url"), signature].join(".");
    expect(await outcome(forged)).toMatch(/^UNAUTHORIZED.*signature/);
    const cut = `${header}.${payload}.${signature.slice(0, -8)}`;
    expect(await outcome(cut)).toMatch(/^UNAUTHORIZED/);
  });

  test("when a stranger signed it, under a kid of the issuer or of their own", async () => {
    const stranger = await newIssuerKey("ES256");
    const token = await issuer.token(claims, { key: stranger });
    expect(await outcome(token)).toMatch(/^UNAUTHORIZED.*signature/);
    const kid = headerOf(await issuer.token(claims)).kid;
    const disguised = await issuer.token(claims, { key: stranger, kid });
    expect(await outcome(disguised)).toMatch(/^UNAUTHORIZED.*signature/);
  });

  test("when it brings its own key along (jwk, jku, x5c)", async () => {
    const header = { alg: "RS256", jku: `${issuer.url}/keys`, x5c: ["MIIB"], jwk: { kty: "RSA" } };
    const forged = `${unsignedToken(header, claims)}c2lnbmF0dXJl`;
    expect(await outcome(forged)).toMatch(/^UNAUTHORIZED/);
  });

  test("when an issuer that is not trusted signed it", async () => {
    const other = await testIssuer();
    try {
      expect(await outcome(await other.token({ ...claims, iss: other.url }))).toMatch(
        /^UNAUTHORIZED.*not a token of a trusted/,
      );
      expect(await outcome(await other.token(claims))).toMatch(/^UNAUTHORIZED.*signature/);
    } finally {
      await other.stop();
    }
  });

  test("when it was made for another service", async () => {
    expect(await outcome(await issuer.token({ ...claims, aud: "sts.amazonaws.com" }))).toBe(
      "UNAUTHORIZED: the OIDC token is refused: it is for another audience, wanted wharfinger",
    );
    const forNobody = await issuer.token({ ...claims, aud: undefined });
    expect(await outcome(forNobody)).toMatch(/^UNAUTHORIZED.*audience/);
  });

  test("when it is expired, not valid yet, from the future, or has no end", async () => {
    const at = (minutes: number) => ({ at: Date.now() + minutes * MINUTE });
    expect(await outcome(await issuer.token(claims, at(-7)))).toMatch(
      /^UNAUTHORIZED.*it expired at/,
    );
    expect(await outcome(await issuer.token(claims, at(5)))).toMatch(/^UNAUTHORIZED.*nbf/);
    const iat = Math.floor(Date.now() / 1000) + 300;
    expect(await outcome(await issuer.token({ ...claims, iat }))).toMatch(/^UNAUTHORIZED.*future/);
    expect(await outcome(await issuer.token({ ...claims, exp: undefined }))).toMatch(
      /^UNAUTHORIZED.*exp claim/,
    );
  });

  test("when it is older than the configured age", async () => {
    source = sourceWith({ maxAgeSeconds: 60 });
    const token = await issuer.token(claims, { at: Date.now() - 3 * MINUTE });
    expect(await outcome(token)).toMatch(/^UNAUTHORIZED.*too old/);
  });

  test("when a claim is not as required, or would make an unsafe name", async () => {
    const foreign = await issuer.token({ ...claims, repository_owner_id: "66" });
    expect(await outcome(foreign)).toMatch(/^UNAUTHORIZED.*claim repository_owner_id/);
    for (const repository of ["acme/${sub}\n", "acme/*", "../etc passwd"])
      expect(await outcome(await issuer.token({ ...claims, repository }))).toMatch(
        /^UNAUTHORIZED.*user name/,
      );
  });
});

test("only a token of a trusted issuer is a login under the name for access tokens", async () => {
  const token = await issuer.token(claims);
  const accepted = (username: string, password: string) =>
    source.accepts(credentials(username, password));
  expect([accepted("oidc", token), accepted("oauth2", token)]).toEqual([true, true]);
  expect([accepted("alice", token), accepted("oauth2", "opaque")]).toEqual([false, false]);
});

test("a login is good for no longer than its token, and than the configured age", async () => {
  const ends = async (change: object) => {
    source = sourceWith(change);
    const at = Date.now();
    const { validUntil } = await source.verify(credentials("oidc", await issuer.token(claims)));
    return Math.round(((validUntil ?? Infinity) - at / 1000) / 60);
  };
  expect([await ends({}), await ends({ maxAgeSeconds: 120 })]).toEqual([5, 2]);
});

test("a token that does not say when it was made, under a key that is not known, is not decided", async () => {
  source = sourceWith({}, { ...TIMES, cooldownMilliseconds: 600_000 });
  expect(await outcome(await issuer.token(claims))).toMatch(/^no fault/);
  const key = await newIssuerKey("ES256");
  expect(await outcome(await issuer.token({ ...claims, iat: undefined }, { key }))).toMatch(
    /^UNAVAILABLE/,
  );
  const old = { at: Date.now() - 3 * MINUTE, key };
  expect(await outcome(await issuer.token(claims, old))).toMatch(/^UNAUTHORIZED.*signature/);
});

describe("clocks that differ by less than a minute", () => {
  test("keep nobody out", async () => {
    for (const at of [Date.now() + 0.9 * MINUTE, Date.now() - 5.9 * MINUTE])
      expect(await outcome(await issuer.token(claims, { at }))).toMatch(/^no fault/);
  });
});

describe("an issuer that cannot be trusted at the moment", () => {
  test.each<[string, () => void]>([
    ["answers 500 for its keys", () => (issuer.keysAnswer = { status: 500, body: {} })],
    ["answers 404 for its keys", () => (issuer.keysAnswer = { status: 404, body: {} })],
    ["answers no JSON", () => (issuer.keysAnswer = { status: 200, body: "<html>" })],
    ["answers with no keys", () => (issuer.keysAnswer = { status: 200, body: { keys: "x" } })],
    [
      "answers with more than 1 MiB",
      () => (issuer.keysAnswer = { status: 200, body: { keys: [], x: "x".repeat(1 << 20) } }),
    ],
    [
      "answers with thousands of keys",
      () =>
        (issuer.keysAnswer = { status: 200, body: { keys: Array(2_000).fill({ kty: "RSA" }) } }),
    ],
    ["never answers", () => (issuer.keysAnswer = "silence")],
    [
      "has the discovery document of another issuer",
      () => (issuer.discovery = { issuer: "https://accounts.example" }),
    ],
    [
      "has its name with a slash more in its discovery document",
      () => (issuer.discovery = { issuer: `${issuer.url}/` }),
    ],
    [
      "has its keys where anybody on the way could change them",
      () => (issuer.discovery = { jwks_uri: "http://issuer.example/keys" }),
    ],
    [
      "has its keys in a file of ours",
      () => (issuer.discovery = { jwks_uri: "file:///etc/passwd" }),
    ],
  ])("because it %s makes it 503, never 401", async (_what, disturb) => {
    disturb();
    expect(await outcome(await issuer.token(claims))).toBe(
      `UNAVAILABLE: the OIDC issuer ${issuer.url} is unavailable, try again`,
    );
  });

  test("is not asked again and again by those who wait for it", async () => {
    issuer.keysAnswer = { status: 500, body: {} };
    const token = await issuer.token(claims);
    for (let attempt = 0; attempt < 20; attempt += 1) await outcome(token);
    expect(issuer.service.asked.length).toBeLessThan(10);
  });

  test("leaves nothing of the token in the log", async () => {
    issuer.keysAnswer = { status: 500, body: {} };
    const token = await issuer.token(claims);
    await source.verify(credentials("oidc", token)).catch((error: unknown) => {
      log.log.error({ err: error });
    });
    expect(log.text()).toContain("UNAVAILABLE");
    for (const part of token.split(".")) expect(log.text()).not.toContain(part);
  });
});

function outcome(token: string): Promise<string> {
  return faultOf(source.verify(credentials("oidc", token)));
}

function sourceWith(change: object, times: KeyTimes = TIMES): IdentitySource {
  const section = { ...GITHUB_ISSUER, issuer: issuer.url, ...change };
  const checked = issuerSchema(z.string()).parse(section);
  return oidcSource([checked], { now: Date.now, log: log.log, times });
}

function headerOf(token: string): { kid: string } {
  const header = Buffer.from(token.split(".")[0] ?? "", "base64url").toString();
  return JSON.parse(header) as { kid: string };
}
