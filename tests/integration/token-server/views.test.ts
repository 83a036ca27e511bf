import { hash, randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { decodeJwt } from "jose";
import { compilePolicy } from "#access-policy/compile.js";
import { unpackView } from "#gateway/proxy/unpack-view.js";
import { readView } from "#access-policy/read-view.js";
import { forgetLongViews } from "#token-server/views/sql.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const MANY = Array.from({ length: 2_000 }, (_, index) => `team-${index}/app-${index * 7}/**`);
const NOTHING = { rules: [], values: {}, limits: null };
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
beforeEach(() => {
  names = ["beta/public"];
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
    const { has } = readView(unpackView(view) ?? NOTHING);
    expect([has("team-3/app-21/x"), has("team-3/app-22/x"), has("alpha/x")]).toEqual([true, false, true]); // prettier-ignore
  });

  test("names what is too long by its digest, by which it is had", async () => {
    names = MANY;
    const { view, viewDigest } = await claims("alice-token", LIST);
    expect(view).toBeNull();
    const answer = await server.http.get(`/views/${viewDigest as string}`);
    const kept = (answer.body as { view: string }).view;
    expect(hash("sha256", kept)).toBe(viewDigest);
    const { has } = readView(unpackView(kept) ?? NOTHING);
    expect([has("team-3/app-21/x"), has("team-3/app-22/x"), has("alpha/x")]).toEqual([true, false, true]); // prettier-ignore
    for (const path of ["0".repeat(64), "%00", "x"])
      expect((await server.http.get(`/views/${path}`)).status).toBe(404);
  });

  test("that is made while no view can be kept is as good for everything else", async () => {
    names = MANY;
    await server.db.transaction(async (tx) => {
      await tx.query("lock table token_server.long_view in access exclusive mode");
      expect(await claims("alice-token", `${LIST} repository:alpha/app:pull`)).toMatchObject({
        ...{ view: null, access: [{ name: "alpha/app", actions: ["pull"] }] },
      });
    });
  });

  test("says that it does not say where that is too long for anything, never less than there is", async () => {
    names = Array.from({ length: 30_000 }, () => `${randomUUID()}/${randomUUID()}`);
    const said = await claims("alice-token", LIST);
    expect(said["view"]).toBeNull();
    expect(said).not.toHaveProperty("viewDigest");
  });

  test("is all that keeps a view: without one it is forgotten", async () => {
    names = MANY;
    await claims("alice-token", LIST);
    const { rows } = await server.db.query<{ left: number }>(
      "select extract(epoch from min(expires_at) - now())::int as left from token_server.long_view",
    );
    expect(rows[0]?.left).toBeGreaterThan(900);
    await server.db.query("update token_server.long_view set expires_at = now() - interval '1 s'");
    await forgetLongViews(server.db);
    const kept = await server.db.query("select from token_server.long_view");
    expect(kept.rows).toHaveLength(0);
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
