import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { decodeJwt } from "jose";
import { compilePolicy } from "#access-policy/compile.js";
import { unpackView } from "#gateway/proxy/unpack-view.js";
import { readView } from "#access-policy/read-view.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const MANY = Array.from({ length: 2_000 }, (_, index) => `team-${index}/app-${index * 7}/**`);
const LIST = "registry:catalog:*";

let names: readonly string[] = ["beta/public"];
const policy = {
  current: () =>
    compilePolicy([
      {
        id: "own",
        effect: "allow",
        actions: ["pull"],
        repositories: ["${team}/**"],
        who: "logged-in",
      },
      { id: "public", effect: "allow", actions: ["pull"], repositories: names, who: "anyone" },
    ]),
};

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer({ policy, allowPublicRead: true });
});
afterAll(() => server.stop());

async function claims(token: string | null, scope?: string): Promise<Record<string, unknown>> {
  const asked = server.http.get("/token").query({ service: "wharfinger", scope });
  const answer = await (token === null ? asked : asked.auth("oauth2", token));
  expect(answer.status).toBe(200);
  return decodeJwt((answer.body as { token: string }).token);
}

describe("a token for lists", () => {
  test("says what its bearer may pull, without naming anything else", async () => {
    const { view, access } = await claims("alice-token", LIST);
    expect(view).toEqual({
      ...{ rules: ["+${team}/**", "+beta/public"], limits: null },
      values: { team: ["alpha"] },
    });
    // The policy does not grant the catalog as such: that is no hindrance.
    expect(access).toEqual([]);
  });

  test("is what docker search asks for, with an action that nobody can be granted", async () => {
    const { view } = await claims("alice-token", "registry:catalog:search");
    expect(view).toMatchObject({ values: { team: ["alpha"] } });
  });

  test("says to nobody in particular what is public", async () => {
    expect((await claims(null, LIST))["view"]).toMatchObject({ rules: ["+beta/public"] });
    expect((await claims(null))["view"]).toMatchObject({ rules: ["+beta/public"] });
  });

  test("packs what is long, and is told what it was", async () => {
    names = MANY.slice(0, 400);
    const { view } = await claims("alice-token", LIST);
    expect(typeof view).toBe("string");
    const { has } = readView(unpackView(view) ?? { rules: [], values: {}, limits: null });
    expect([has("team-3/app-21/x"), has("team-3/app-22/x"), has("alpha/x")]).toEqual([true, false, true]); // prettier-ignore
  });

  test("says that it does not say when that is too long, never less than there is", async () => {
    names = MANY;
    expect((await claims("alice-token", LIST))["view"]).toBeNull();
    names = ["beta/public"];
  });
});

describe("a token for something else", () => {
  test("is not made longer by a view", async () => {
    expect(await claims("alice-token", "repository:alpha/app:pull")).not.toHaveProperty("view");
  });

  test("such as a login, is there without teams, and then says nothing of what may be pulled", async () => {
    expect(await claims("alice-token")).not.toHaveProperty("view");
  });
});
