import { beforeEach, afterEach, describe, expect, test } from "@jest/globals";
import {
  LIMITER_SECRET,
  startTestTokenServer,
  type TestTokenServer,
} from "#tests/support/token-server.js";
import { loginLimiter } from "#token-server/limits/login-limiter.js";
import { credentials } from "../logins/support/logins.js";
import { Fault } from "#registry-protocol/faults.js";

let server: TestTokenServer;
const limits = { failuresPerSource: 5, failuresPerAccount: 2, windowSeconds: 300 };
beforeEach(async () => {
  server = await startTestTokenServer({ limits });
});
afterEach(() => server.stop());

const attempt = (user: string, secret: string, address = "192.0.2.1") =>
  server.http.get("/token").set("X-Forwarded-For", address).auth(user, secret);

describe("failed logins", () => {
  test("after too many from one address others from there are answered 429 with Retry-After", async () => {
    for (let i = 0; i < 5; i += 1) expect((await attempt("oauth2", `no-${i}`)).status).toBe(401);
    const refused = await attempt("oauth2", "alice-token");
    expect(refused.status).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(0);
    expect((await attempt("oauth2", "alice-token", "192.0.2.2")).status).toBe(200);
  });

  test("after too many for one account it is refused from everywhere", async () => {
    for (let i = 0; i < 2; i += 1)
      expect((await attempt("robot-alpha-ci", `no-${i}`, `192.0.2.${i}`)).status).toBe(401);
    expect((await attempt("robot-alpha-ci", "no", "192.0.2.9")).status).toBe(429);
  });

  test("names that everybody shares are not locked for all by one", async () => {
    for (let i = 0; i < 4; i += 1) await attempt("oauth2", `no-${i}`, `192.0.2.${i}`);
    expect((await attempt("oauth2", "alice-token", "192.0.2.50")).status).toBe(200);
  });

  test("logins that succeed cost nothing", async () => {
    for (let i = 0; i < 10; i += 1)
      expect((await attempt("oauth2", "alice-token")).status).toBe(200);
  });

  test("replicas count together", async () => {
    const report = { failed: () => undefined, limited: () => undefined };
    const deps = { secret: LIMITER_SECRET, report, now: Date.now };
    const other = loginLimiter(server.db, limits, deps);
    const wrong = () => Promise.reject(new Fault("UNAUTHORIZED"));
    for (let i = 0; i < 5; i += 1) {
      const shown = credentials("oauth2", `no-${i}`);
      const guess = { source: "192.0.2.1", account: null, credentials: shown };
      await expect(other.guard(guess, wrong)).rejects.toMatchObject({ code: "UNAUTHORIZED" });
    }
    expect((await attempt("oauth2", "alice-token")).status).toBe(429);
  });

  test("refused refresh tokens count for no address and for no account, undecided ones for the address", async () => {
    const told: unknown[] = [];
    const report = {
      failed: (...of: unknown[]) => told.push(of[2]),
      limited: () => undefined,
    };
    const limiter = loginLimiter(server.db, limits, {
      secret: LIMITER_SECRET,
      report,
      now: Date.now,
    });
    const show = (token: string, code: "UNAUTHORIZED" | "UNAVAILABLE") =>
      limiter.guard(
        {
          ...{ shows: "refresh token" as const, source: "192.0.2.1", account: null },
          credentials: credentials("", token),
        },
        // As a directory does that knows whose login is behind it.
        async (accounts) => {
          await accounts.known("alice");
          throw new Fault(code);
        },
      );
    for (let at = 0; at < 20; at += 1)
      await expect(show(`over-${at}`, "UNAUTHORIZED")).rejects.toMatchObject({
        code: "UNAUTHORIZED",
      });
    expect(new Set(told)).toEqual(new Set(["refresh token"]));
    expect((await attempt("oauth2", "alice-token")).status).toBe(200);
    const { rows } = await server.db.query(
      "select key from token_server.login_failure where cardinality(credentials) > 0",
    );
    expect(rows).toEqual([]);
    for (let at = 0; at < 5; at += 1)
      await expect(show(`open-${at}`, "UNAVAILABLE")).rejects.toMatchObject({
        code: "UNAVAILABLE",
      });
    await expect(show("open-5", "UNAVAILABLE")).rejects.toMatchObject({
      code: "TOO_MANY_REQUESTS",
    });
  });

  test("while Postgres is away pulls go on and each replica counts for itself", async () => {
    await server.postgres.stop();
    const scope = "repository:alpha/app:pull";
    const answer = await attempt("oauth2", "alice-token").query({ scope });
    expect(answer.status).toBe(200);
    expect(answer.body).toMatchObject({ scope });
    for (let i = 0; i < 5; i += 1) expect((await attempt("oauth2", `no-${i}`)).status).toBe(401);
    expect((await attempt("oauth2", "no")).status).toBe(429);
    expect((await attempt("oauth2", "bob-token")).status).toBe(429);
    expect((await attempt("oauth2", "alice-token")).status).toBe(200);
  });

  test("while Postgres is away docker login succeeds, and docker keeps the password: there is no refresh token", async () => {
    await server.postgres.stop();
    const query = { service: "wharfinger", offline_token: "true", client_id: "docker" };
    const answer = await attempt("oauth2", "alice-token").query(query);
    expect(answer.status).toBe(200);
    expect(answer.body).toHaveProperty("token");
    expect(answer.body).not.toHaveProperty("refresh_token");
  });
});
