import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Limited } from "#token-server/limits/limit-report.js";
import { loginLimiter } from "#token-server/limits/login-limiter.js";
import { Secret } from "#service-kit/secret.js";
import { Fault } from "#registry-protocol/faults.js";
import {
  LIMITER_SECRET,
  startTestTokenServer,
  type TestTokenServer,
} from "#tests/support/token-server.js";
import { jsonService } from "../integration/logins/support/json-service.js";
import { credentials } from "../integration/logins/support/logins.js";

const limits = { failuresPerSource: 20, failuresPerAccount: 10, windowSeconds: 300 };
const NO_REPORT = { failed: () => undefined, limited: () => undefined };
const OFFICE = "192.0.2.1";

let server: TestTokenServer;
let limited: Limited[];
let failed: number;

beforeEach(async () => {
  limited = [];
  failed = 0;
  const report = {
    failed: () => {
      failed += 1;
    },
    limited: (what: Limited) => {
      limited.push(what);
    },
  };
  server = await startTestTokenServer({ limits, report });
});
afterEach(() => server.stop());

async function attempt(user: string, secret: string, address = OFFICE): Promise<number> {
  const answer = await server.http.get("/token").set("X-Forwarded-For", address).auth(user, secret);
  return answer.status;
}

describe("guesses", () => {
  test("at once at one robot are verified no more often than one after the other", async () => {
    const guesses = Array.from({ length: 120 }, (_, guess) =>
      attempt("robot-alpha-ci", `guess-${guess}`, `198.51.100.${guess}`),
    );
    const statuses = await Promise.all(guesses);
    expect(statuses.filter((status) => status === 401)).toHaveLength(limits.failuresPerAccount);
    expect(statuses.filter((status) => status === 429)).toHaveLength(110);
    expect(failed).toBe(limits.failuresPerAccount);
  });

  test("at once from one address are verified no more often than one after the other", async () => {
    const guesses = Array.from({ length: 60 }, (_, guess) => attempt("oauth2", `guess-${guess}`));
    const statuses = await Promise.all(guesses);
    expect(statuses.filter((status) => status === 401)).toHaveLength(limits.failuresPerSource);
  });

  test("at one account count together however its name is written", async () => {
    const names = ["robot-alpha-ci", " robot-alpha-ci", "robot-alpha-ci ", "Robot-Alpha-CI"];
    const wide = "\uff52\uff4f\uff42\uff4f\uff54-alpha-ci";
    const statuses: number[] = [];
    for (let guess = 0; guess < 20; guess += 1)
      statuses.push(
        await attempt([...names, wide][guess % 5] ?? "", `guess-${guess}`, `198.51.100.${guess}`),
      );
    expect(statuses.filter((status) => status === 401)).toHaveLength(limits.failuresPerAccount);
  });

  test.each<[string, (guess: number) => string]>([
    ["IPv6 addresses of one /64", (guess) => `2001:db8:1:2:${guess.toString(16)}::${guess}`],
    [
      "an IPv4 address, mapped and plain",
      (guess) => (guess % 2 === 0 ? OFFICE : `::ffff:${OFFICE}`),
    ],
    ["an IPv4 address with ever new ports", (guess) => `${OFFICE}:${10_000 + guess}`],
    ["an IPv6 address with ever new ports", (guess) => `[2001:db8:1:2::1]:${10_000 + guess}`],
  ])("from %s count together", async (_what, addressOf) => {
    const statuses: number[] = [];
    for (let guess = 0; guess < 30; guess += 1)
      statuses.push(await attempt("oauth2", `guess-${guess}`, addressOf(guess)));
    expect(statuses.filter((status) => status === 401)).toHaveLength(limits.failuresPerSource);
    expect(await attempt("oauth2", "alice-token", "2001:db8:1:3::1")).toBe(200);
  });
});

describe("everybody else behind the same address", () => {
  test("logs in, though one wrong secret comes a hundred times from many nodes", async () => {
    for (let repeat = 0; repeat < 100; repeat += 1)
      expect(await attempt("oauth2", "expired-pull-secret")).toBe(401);
    expect(await attempt("oauth2", "alice-token")).toBe(200);
    expect(limited).toEqual([]);
  });

  test("goes on when their login was right of late, whatever others guess, on any replica", async () => {
    expect(await attempt("oauth2", "alice-token")).toBe(200);
    for (let guess = 0; guess < 25; guess += 1) await attempt("oauth2", `guess-${guess}`);
    expect(await attempt("oauth2", "bob-token")).toBe(429);
    expect(await attempt("oauth2", "alice-token")).toBe(200);
    const deps = { secret: LIMITER_SECRET, report: NO_REPORT, now: Date.now };
    const replica = loginLimiter(server.db, limits, deps);
    const check = () => Promise.resolve("verified");
    const shown = (token: string) => ({
      ...{ source: OFFICE, account: null, credentials: credentials("oauth2", token) },
    });
    await expect(replica.guard(shown("alice-token"), check)).resolves.toBe("verified");
    await expect(replica.guard(shown("bob-token"), check)).rejects.toMatchObject({
      code: "TOO_MANY_REQUESTS",
    });
  });

  test("does so no longer once their own login is wrong", async () => {
    const dora = { token: "dora-token", uid: "dora", realm: "/employees", scopes: [], teams: [] };
    server.company.identities.push(dora);
    expect(await attempt("oauth2", "dora-token")).toBe(200);
    server.company.identities.pop();
    expect(await attempt("oauth2", "dora-token")).toBe(401);
    for (let guess = 0; guess < 25; guess += 1) await attempt("oauth2", `guess-${guess}`);
    expect(await attempt("oauth2", "dora-token")).toBe(429);
  });

  test("logs in at once in any number: right logins wait for each other and are never refused", async () => {
    for (let index = 0; index < 80; index += 1)
      server.company.identities.push({
        ...{
          token: `job-${index}`,
          uid: `job-${index}`,
          realm: "/services",
          scopes: [],
          teams: [],
        },
      });
    const statuses = await Promise.all(
      Array.from({ length: 80 }, (_, index) => attempt("oauth2", `job-${index}`)),
    );
    expect(statuses.filter((status) => status !== 200)).toEqual([]);
  });
});

describe("a right login is refused for nobody's sake:", () => {
  test("wrong access tokens are of nobody in particular, and so lock no account", async () => {
    for (let guess = 0; guess < limits.failuresPerAccount + 1; guess += 1)
      expect(await attempt("oauth2", `guess-${guess}`)).toBe(401);
    expect(await attempt("oauth2", "alice-token", "198.51.100.1")).toBe(200);
  });

  test("attempts at a locked account count against no address", async () => {
    for (let guess = 0; guess < 2 * limits.failuresPerSource; guess += 1)
      expect(await attempt("robot-alpha-ci", `guess-${guess}`)).toBe(
        guess < limits.failuresPerAccount ? 401 : 429,
      );
    expect(await attempt("oauth2", "alice-token")).toBe(200);
  });
});

describe("what could not be decided", () => {
  test("counts for the address alone, apart from failures, and never against who was right", async () => {
    const service = await jsonService(() => ({ status: 500, body: {} }));
    const undecided = await startTestTokenServer({
      limits,
      report: { failed: () => undefined, limited: (what) => limited.push(what) },
      identity: { tokeninfoUrl: service.url, teamServiceUrl: null, outageSeconds: 600 },
    });
    const ask = async (token: string, address: string) =>
      (await undecided.http.get("/token").set("X-Forwarded-For", address).auth("oauth2", token))
        .status;
    try {
      service.answer = () => ({ status: 200, body: { uid: "alice", realm: "/employees" } });
      expect(await ask("alice-token", OFFICE)).toBe(200);
      service.answer = () => ({ status: 500, body: {} });
      const statuses: number[] = [];
      for (let token = 0; token < 30; token += 1) statuses.push(await ask(`bad-${token}`, OFFICE));
      expect(statuses.filter((status) => status === 503)).toHaveLength(limits.failuresPerSource);
      expect(statuses.filter((status) => status === 429)).toHaveLength(10);
      expect(limited[0]?.key).toBe(`undecided:${OFFICE}`);
      expect(await ask("alice-token", OFFICE)).toBe(200);
      expect(await ask("bad-0", "192.0.2.77")).toBe(503);
      const { rows } = await undecided.db.query(
        `select key from token_server.login_failure where cardinality(credentials) > 0`,
      );
      expect(rows).toEqual([]);
    } finally {
      await undecided.stop();
      await service.stop();
    }
  });
});

describe("what the database holds of failures", () => {
  test("is neither what was typed as a user name nor a credential, in no form that can be tried out", async () => {
    const pasted = "ghp_pastedTokenAsUserName";
    expect(await attempt(pasted, "typed-password")).toBe(401);
    expect(await attempt("robot-alpha-ci", "typed-password")).toBe(401);
    const { rows } = await server.db.query<{ text: string }>(
      `select login_failure::text as text from token_server.login_failure
       union all select failed_login::text from token_server.failed_login`,
    );
    const everything = rows.map(({ text }) => text).join("\n");
    expect(rows.length).toBeGreaterThan(0);
    for (const typed of [pasted, "robot-alpha-ci", "typed-password"])
      expect(everything).not.toContain(typed);
  });

  test("means nothing without the secret of the replicas", async () => {
    expect(await attempt("robot-alpha-ci", "guess")).toBe(401);
    const secret = new Secret("another");
    const stranger = loginLimiter(server.db, limits, { secret, report: NO_REPORT, now: Date.now });
    const wrong = () => Promise.reject(new Fault("UNAUTHORIZED"));
    const shown = credentials("robot-alpha-ci", "guess");
    await stranger
      .guard({ source: OFFICE, account: "robot-alpha-ci", credentials: shown }, wrong)
      .catch(() => undefined);
    const { rows } = await server.db.query<{ key: string; held: number }>(
      `select key, cardinality(credentials) as held from token_server.login_failure`,
    );
    expect(rows.filter(({ key }) => key.startsWith("account:"))).toHaveLength(2);
    expect(rows.find(({ key }) => key === `source:${OFFICE}`)?.held).toBe(2);
  });
});
