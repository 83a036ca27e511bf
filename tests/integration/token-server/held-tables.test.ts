import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { lockWaiters } from "#tests/support/held-lock.js";
import { startTestTokenServer, type TestTokenServer } from "#tests/support/token-server.js";

let server: TestTokenServer;

beforeAll(async () => {
  server = await startTestTokenServer();
});
afterAll(() => server.stop());

describe("while somebody holds a table of the token server", () => {
  test.each(["login_failure", "login_success"])(
    "logins are decided without it, and leave connections to all others: %s",
    async (table) => {
      await server.db.transaction(async (tx) => {
        await tx.query(`lock table token_server.${table} in access exclusive mode`);
        const logins = Array.from({ length: 20 }, (_one, index) => logIn(`at-once-${index}`));
        expect(await Promise.all(logins)).toEqual(Array(20).fill(401));
        for (let login = 0; login < 20; login += 1) expect(await logIn(`later-${login}`)).toBe(401);
        expect(await logIn("alice-token")).toBe(200);
        // Half of five, and one of them is ours.
        expect(await lockWaiters(tx, `token_server.${table}`)).toBeLessThanOrEqual(3);
        await server.db.query("select 1");
      });
    },
  );

  test("robots are told to try again, and all others log in", async () => {
    await server.db.transaction(async (tx) => {
      await tx.query("lock table token_server.robot in access exclusive mode");
      const robots = Array.from({ length: 20 }, () => logIn("secret", "robot-alpha-ci"));
      expect(await Promise.all(robots)).toEqual(Array(20).fill(503));
      expect(await logIn("alice-token")).toBe(200);
      expect(await lockWaiters(tx, "token_server.robot")).toBeLessThanOrEqual(3);
    });
  });
});

async function logIn(password: string, username = "oauth2"): Promise<number> {
  const asked = server.http.get("/token").query({ service: "wharfinger" });
  return (await asked.auth(username, password)).status;
}
