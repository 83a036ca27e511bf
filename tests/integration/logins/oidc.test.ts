import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { z } from "zod";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { oidcSource } from "#token-server/identity/oidc/oidc.js";
import { temporaryFolder, type TemporaryFolder } from "#tests/support/temporary-folder.js";
import { testClock } from "./support/clock.js";
import { readableLog } from "./support/log.js";
import { credentials, faultOf, whoIs } from "./support/logins.js";
import { newIssuerKey, publicJwk, testIssuer, type TestIssuer } from "./support/oidc-issuer.js";
import {
  GITHUB_CLAIMS,
  GITHUB_ISSUER,
  GITLAB_CLAIMS,
  GITLAB_ISSUER,
  KUBERNETES_CLAIMS,
  KUBERNETES_ISSUER,
} from "./support/platforms.js";

const NO_WAITING = { maxAgeMilliseconds: 0, cooldownMilliseconds: 0, timeoutMilliseconds: 2_000 };

let issuer: TestIssuer;
let folder: TemporaryFolder;

beforeEach(async () => {
  issuer = await testIssuer();
  folder = await temporaryFolder();
});
afterEach(async () => {
  await issuer.stop();
  await folder.remove();
});

describe("a token of a platform", () => {
  test.each([
    ["GitHub Actions", GITHUB_ISSUER, GITHUB_CLAIMS, "/services/github:acme/app"],
    ["GitLab CI", GITLAB_ISSUER, GITLAB_CLAIMS, "/services/gitlab:alpha/app"],
    ["Kubernetes", KUBERNETES_ISSUER, KUBERNETES_CLAIMS, "/services/k8s:alpha:deployer"],
  ])("of %s logs its pipeline in, with teams and scopes", async (_name, section, claims, who) => {
    const source = sourceOf(section);
    const token = await issuer.token({ ...claims, iss: issuer.url });
    for (const username of ["oauth2", "oidc"]) {
      const login = credentials(username, token);
      expect(source.accepts(login)).toBe(true);
      const verified = await source.verify(login);
      expect(whoIs(verified)).toBe(who);
      expect(verified).toMatchObject({
        identity: { kind: "oidc", scopes: ["application.write"] },
        teams: ["alpha"],
        accessToken: null,
      });
    }
  });

  test("that says its groups are elsewhere is told so, rather than being without teams", async () => {
    const source = sourceOf({ ...GITHUB_ISSUER, teams: [{ claim: "groups" }] });
    const token = await issuer.token({
      ...{ ...GITHUB_CLAIMS, iss: issuer.url },
      _claim_names: { groups: "src1" },
      _claim_sources: { src1: { endpoint: "https://graph.example/users/1/getMemberObjects" } },
    });
    expect(await faultOf(source.verify(credentials("oidc", token)))).toMatch(
      /^UNAUTHORIZED: the credentials are right, but the token has no room for all of the claim groups/,
    );
  });

  test("is good as long as it says itself, and no longer remembered", async () => {
    const clock = testClock(Date.now());
    const source = sourceOf(GITHUB_ISSUER, { now: clock.now });
    const token = await issuer.token({ ...GITHUB_CLAIMS, iss: issuer.url });
    const { validUntil } = await source.verify(credentials("oidc", token));
    const claims = Buffer.from(token.split(".")[1] ?? "", "base64url").toString();
    expect(validUntil).toBe((JSON.parse(claims) as { exp: number }).exp);
    clock.advance(400);
    expect(await faultOf(source.verify(credentials("oidc", token)))).toMatch(
      /^UNAUTHORIZED: the OIDC token is refused: it expired at \d{4}-/,
    );
  });

  test.each(["RS256", "RS512", "PS256", "ES256", "ES384", "EdDSA"])(
    "may be signed with %s",
    async (name) => {
      await issuer.rotate(name);
      const token = await issuer.token({ ...GITHUB_CLAIMS, iss: issuer.url });
      const login = await sourceOf(GITHUB_ISSUER).verify(credentials("oidc", token));
      expect(whoIs(login)).toBe("/services/github:acme/app");
    },
  );

  test("of an issuer that is not configured is left to the token information service", async () => {
    const token = await issuer.token({ ...GITHUB_CLAIMS, iss: "https://other.example" });
    const source = sourceOf(GITHUB_ISSUER);
    expect(source.accepts(credentials("oauth2", token))).toBe(false);
    expect(source.accepts(credentials("oauth2", "opaque-token"))).toBe(false);
    expect(await faultOf(source.verify(credentials("oidc", token)))).toBe(
      "UNAUTHORIZED: the OIDC token is refused: it is not a token of a trusted OIDC issuer",
    );
  });
});

describe("the keys of an issuer", () => {
  test("are fetched once for many logins", async () => {
    const source = sourceOf(GITHUB_ISSUER);
    const token = await issuer.token({ ...GITHUB_CLAIMS, iss: issuer.url });
    await Promise.all(Array.from({ length: 10 }, () => source.verify(credentials("oidc", token))));
    expect(issuer.service.asked.map(({ path }) => path)).toEqual([
      "/.well-known/openid-configuration",
      "/keys",
    ]);
  });

  test("are fetched again when a token has a new one, and a key taken back is refused", async () => {
    const source = sourceOf(GITHUB_ISSUER, { times: NO_WAITING });
    const old = await issuer.token({ ...GITHUB_CLAIMS, iss: issuer.url });
    await source.verify(credentials("oidc", old));
    await issuer.rotate();
    const fresh = await issuer.token({ ...GITHUB_CLAIMS, iss: issuer.url });
    expect(whoIs(await source.verify(credentials("oidc", fresh)))).toMatch(/acme\/app$/);
    expect(await faultOf(source.verify(credentials("oidc", old)))).toMatch(
      /^UNAUTHORIZED.*signature/,
    );
  });

  test("are not fetched for every token with a key that nobody knows", async () => {
    const source = sourceOf(GITHUB_ISSUER);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      const claims = { ...GITHUB_CLAIMS, iss: issuer.url };
      const token = await issuer.token(claims, { kid: `unknown-${attempt}` });
      await faultOf(source.verify(credentials("oidc", token)));
    }
    expect(issuer.service.asked.filter(({ path }) => path === "/keys")).toHaveLength(1);
  });

  test("may be at a configured place, without discovery", async () => {
    const source = sourceOf({ ...GITHUB_ISSUER, keysUrl: `${issuer.url}/keys` });
    const token = await issuer.token({ ...GITHUB_CLAIMS, iss: issuer.url });
    await source.verify(credentials("oidc", token));
    expect(issuer.service.asked.map(({ path }) => path)).toEqual(["/keys"]);
  });

  test("may be in a file, which is read again when it changes; a broken one keeps the old", async () => {
    const clock = testClock(Date.now());
    const log = readableLog();
    const [first, second] = [await newIssuerKey("ES256"), await newIssuerKey("ES256")];
    const keysFile = join(folder.path, "keys.json");
    await writeFile(keysFile, JSON.stringify({ keys: [await publicJwk(first)] }));
    const source = sourceOf({ ...GITHUB_ISSUER, keysFile }, { now: clock.now, log: log.log });
    const claims = { ...GITHUB_CLAIMS, iss: issuer.url };
    const tokens = [first, second].map((key) => issuer.token(claims, { key }));
    const [one = "", two = ""] = await Promise.all(tokens);

    await source.verify(credentials("oidc", one));
    await writeFile(keysFile, "{");
    clock.advance(1);
    await source.verify(credentials("oidc", one));
    expect(log.linesOf("oidc.keys-refused")).toHaveLength(1);
    await writeFile(keysFile, JSON.stringify({ keys: [await publicJwk(second)] }));
    clock.advance(1);
    await source.verify(credentials("oidc", two));
    expect(await faultOf(source.verify(credentials("oidc", one)))).toMatch(/^UNAUTHORIZED/);
    expect(issuer.service.asked).toEqual([]);
  });
});

type Deps = Partial<Parameters<typeof oidcSource>[1]>;

function sourceOf(section: object, deps: Deps = {}) {
  const checked = issuerSchema(z.string()).parse({ ...section, issuer: issuer.url });
  return oidcSource([checked], { now: Date.now, log: readableLog().log, ...deps });
}
