import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

const ROBOTS = "/api/v1/teams/alpha/robots";
const grants = [{ repositories: "alpha/**", actions: ["pull"] }];

let server: TestTokenServer;
beforeAll(async () => {
  server = await startTestTokenServer();
});
afterAll(() => server.stop());

describe("the address that is kept of a caller", () => {
  test.each([
    ["a-port", "192.0.2.7:51234", "192.0.2.7"],
    ["brackets", "[2001:db8::7]:51234", "2001:db8::7"],
    ["mapped", "::ffff:192.0.2.8", "192.0.2.8"],
    ["hops", "203.0.113.66, 192.0.2.9:1, 127.0.0.1:2", "192.0.2.9"],
  ])("is bare on record, of %s", async (name, forwarded, wanted) => {
    const made = await server.http
      .post(ROBOTS)
      .set("Authorization", "Bearer alice-token")
      .set("X-Forwarded-For", forwarded)
      .send({ name, grants });
    expect(made.status).toBe(201);
    const { rows } = await server.db.query<{ address: string }>(
      `select content::json->'actor'->>'address' as address from audit.entry
       where content::json->'detail'->>'login' = $1`,
      [`robot-alpha-${name}`],
    );
    expect(rows).toEqual([{ address: wanted }]);
  });

  test("cannot be chosen by a header that the proxy did not write", async () => {
    const answer = await server.http
      .get("/token")
      .set("X-Forwarded-For", "192.0.2.7")
      .set("Forwarded", "for=10.0.0.1");
    expect(answer.status).toBe(400);
  });
});
