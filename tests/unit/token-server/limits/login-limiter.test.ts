import { beforeEach, describe, expect, test } from "@jest/globals";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { Secret } from "#service-kit/secret.js";
import { loginLimiter } from "#token-server/limits/login-limiter.js";
import { credentials } from "#tests/integration/logins/support/logins.js";

const wrong = () => Promise.reject(new Fault("UNAUTHORIZED"));
const right = () => Promise.resolve("right");

/** Keys of which a point was wanted, in their order. */
let wanted: string[];
/** Keys that came to their limit. */
let limited: string[];
/** Statements so far, of any kind. */
let statements: number;
beforeEach(() => {
  wanted = [];
  limited = [];
  statements = 0;
});

/** Replicas count for themselves, since the database is away. */
function limiterOf(options: {
  readonly now: () => number;
  readonly onWanted?: (key: string) => Promise<void>;
}) {
  const away = new Fault("UNAVAILABLE");
  const db = {
    query: async (text: string, [key]: readonly unknown[]) => {
      statements += 1;
      if (text.includes("returning") && typeof key === "string") {
        wanted.push(key);
        await options.onWanted?.(key);
      }
      throw away;
    },
  } as unknown as Database;
  const limits = { failuresPerSource: 100, failuresPerAccount: 1, windowSeconds: 1_000_000 };
  const report = {
    failed: () => undefined,
    limited: ({ key }: { key: string }) => {
      limited.push(key);
      if (limited.length > 1) throw new Error("told more than once");
    },
  };
  const { now } = options;
  return loginLimiter(db, limits, { secret: new Secret("of all replicas"), report, now });
}

const attempt = (name: string, password: string) => ({
  ...{ source: "192.0.2.1", account: name, credentials: credentials(name, password) },
});
const accountsWanted = () => wanted.filter((key) => key.startsWith("account:")).length;
const REFUSED = { code: "TOO_MANY_REQUESTS" };

describe("a login that was right of late", () => {
  test("asks the database nothing, whoever else fails meanwhile", async () => {
    const limiter = limiterOf({ now: () => 0 });
    await limiter.guard(attempt("alice", "1"), right);
    expect(statements).toBeGreaterThan(0);
    await expect(limiter.guard(attempt("alice", "2"), wrong)).rejects.toThrow(Fault);
    statements = 0;
    for (let again = 0; again < 3; again += 1)
      expect(await limiter.guard(attempt("alice", "1"), right)).toBe("right");
    expect(statements).toBe(0);
  });
});

describe("a login that is refused for others' failures", () => {
  test("is refused once, and not looked at again and again", async () => {
    let seconds = 0;
    const limiter = limiterOf({ now: () => (seconds += 1) * 1_000 });
    await expect(limiter.guard(attempt("alice", "1"), wrong)).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
    wanted = [];
    await expect(limiter.guard(attempt("alice", "2"), wrong)).rejects.toMatchObject(REFUSED);
    expect(limited).toHaveLength(1);
    expect(accountsWanted()).toBe(1);
  });

  test("waits no longer than a while for right logins that go on beside it", async () => {
    let time = 0;
    let others = 0;
    const limiter = limiterOf({
      now: () => time,
      onWanted: async (key) => {
        if (others === 0 || others > 20 || !key.startsWith("account:")) return;
        const other = others;
        others += 1;
        time += 1_000;
        await limiter.guard({ ...attempt("", `${other}`), account: null }, right);
      },
    });
    await expect(limiter.guard(attempt("alice", "1"), wrong)).rejects.toMatchObject({
      code: "UNAUTHORIZED",
    });
    wanted = [];
    others = 1;
    await expect(limiter.guard(attempt("alice", "2"), wrong)).rejects.toMatchObject(REFUSED);
    expect(accountsWanted()).toBe(5);
  });
});
