import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

/** Texts that Postgres does not take, and what goes wrong where they are put into lines and headers. */
const BAD = ["a\0b", "a\nb", "a\rb", "\u001b[31mred", "a\u0085b", "a\u007f"];
const ROBOTS = "/api/v1/teams/alpha/robots";
const grants = [{ repositories: "alpha/**", actions: ["pull"] }];

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer();
});
afterAll(() => server.stop());

const basic = (user: string, password: string) =>
  `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`;
const form = (fields: Record<string, string>) =>
  server.http
    .post("/token")
    .type("form")
    .send(new URLSearchParams({ service: "wharfinger", ...fields }).toString());

describe("text that is none never gets past where it is parsed", () => {
  test.each(BAD)("as a user name in a Basic credential: %j is 401", async (name) => {
    const answer = await server.http.get("/token").set("Authorization", basic(name, "x"));
    expect(answer.status).toBe(401);
  });

  test.each(BAD)("as a password in a Basic credential: %j is 401", async (password) => {
    const answer = await server.http.get("/token").set("Authorization", basic("bob", password));
    expect(answer.status).toBe(401);
  });

  test.each(BAD)("as user name and password in a form: %j is 401", async (text) => {
    for (const field of ["username", "password"]) {
      const fields = { grant_type: "password", username: "bob", password: "x", [field]: text };
      expect((await form(fields)).status).toBe(401);
    }
  });

  test.each(BAD)("as client_id: %j is 400, by GET and by POST", async (text) => {
    const got = await server.http
      .get("/token")
      .query({ client_id: text, offline_token: "true" })
      .set("Authorization", basic("oauth2", "alice-token"));
    expect(got.status).toBe(400);
    const fields = { grant_type: "password", username: "oauth2", password: "alice-token" };
    expect((await form({ ...fields, client_id: text })).status).toBe(400);
  });

  test.each([...BAD, "\ud800"])("as a robot's description: %j is 400", async (text) => {
    const answer = await server.http
      .post(ROBOTS)
      .set("Authorization", "Bearer alice-token")
      .set("Content-Type", "application/json")
      .send(JSON.stringify({ name: "text", description: text, grants }));
    // Lines may be broken in a description.
    const isLines = ["a\nb", "a\rb"].includes(text);
    expect(answer.status).toBe(isLines ? 201 : 400);
    if (isLines) await server.db.query("delete from token_server.robot");
  });

  test("bytes that are no UTF-8 are no credential", async () => {
    const header = `Basic ${Buffer.from([0x61, 0xff, 0x3a, 0x62]).toString("base64")}`;
    const answer = await server.http.get("/token").set("Authorization", header);
    expect(answer.status).toBe(401);
  });

  test("a program's name is noted as a line, and nobody is refused for it", async () => {
    const answer = await server.http
      .post(ROBOTS)
      .set("Authorization", "Bearer alice-token")
      .set("User-Agent", "prog\u0085ram\u009b")
      .send({ name: "agent", grants });
    expect(answer.status).toBe(201);
    const { rows } = await server.db.query<{ content: string }>(
      "select content from audit.entry where content like '%prog%'",
    );
    expect(rows).toHaveLength(1);
    expect(JSON.parse(rows[0]?.content ?? "")).toMatchObject({
      actor: { userAgent: expect.stringMatching(/^prog.?\?ram.?\?$/) },
    });
  });
});
