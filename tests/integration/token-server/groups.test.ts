import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { z } from "zod";
import { readLogins } from "#token-server/logins/config.js";
import { issuerSchema } from "#token-server/identity/oidc/issuer-schema.js";
import { explain } from "../../../cli/src/commands/explain.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";
import { readableLog } from "../logins/support/log.js";
import { testIssuer, type TestIssuer } from "../logins/support/oidc-issuer.js";

let issuer: TestIssuer;
let server: TestTokenServer;
const log = readableLog();

beforeAll(async () => {
  issuer = await testIssuer();
  const section = issuerSchema(z.string()).parse({
    ...{ issuer: issuer.url, audience: "wharfinger", require: "anybody", uid: "sub" },
    teams: [{ claim: "groups", prefix: "registry-" }],
  });
  server = await startTestTokenServer({
    log: log.log,
    identity: {
      tokeninfoUrl: null,
      teamServiceUrl: null,
      logins: { ...readLogins(null), oidc: [section] },
    },
  });
});
afterAll(async () => {
  await server.stop();
  await issuer.stop();
});

const tokenOf = (more: object) => issuer.token({ sub: "anna", aud: "wharfinger", ...more });

test("groups that no team comes of are told by explain, and in the log once", async () => {
  const call = async () => {
    const token = await tokenOf({ groups: ["Registry-alpha", "registry-beta"] });
    const answer = await server.http
      .get("/api/v1/explain")
      .query({ action: "push", repository: "alpha/app" })
      .auth("oidc", token);
    return answer.body as unknown;
  };
  expect(await call()).toMatchObject({ allow: false, unmappedGroups: ["Registry-alpha"] });
  expect((await explain({ call }, "push", "alpha/app")).lines.slice(0, 2)).toEqual([
    expect.stringMatching(/^refused: /),
    'no team comes of your group "Registry-alpha"',
  ]);
  expect(log.linesOf("groups.unmapped")).toMatchObject([
    { source: "oidc", groups: ["Registry-alpha"] },
  ]);
});

test("a token without its groups is no failed login, however often, and the log names whose it is", async () => {
  for (let attempted = 0; attempted < 3; attempted += 1) {
    const token = await tokenOf({ hasgroups: true });
    const answer = await server.http.get("/token").auth("oidc", token);
    expect(answer.status).toBe(401);
    expect(answer.text).toContain("no room for all of the claim groups");
  }
  expect(log.linesOf("login.unusable")).toHaveLength(3);
  expect(log.linesOf("login.unusable")[0]).toMatchObject({ kind: "oidc", uid: "anna" });
});
