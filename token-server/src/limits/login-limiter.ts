import { RateLimiterMemory, RateLimiterPostgres, RateLimiterRes } from "rate-limiter-flexible";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";

/** Slows down whoever guesses. */
export interface LoginLimiter {
  /** @throws Fault TOO_MANY_REQUESTS when there were too many failures of late */
  check(attempt: Attempt): Promise<void>;
  /** Counts a failed login. */
  failed(attempt: Attempt): Promise<void>;
}

/** Who tries to log in. */
export interface Attempt {
  /** Address of the client. */
  readonly source: string;
  /** User name, where it stands for one person or machine; `null` for names that everybody shares. */
  readonly account: string | null;
}

/** How many failures are borne. */
export interface LoginLimits {
  readonly failuresPerSource: number;
  readonly failuresPerAccount: number;
  readonly windowSeconds: number;
}

/** A statement as the limiter library hands it to a `pg` client. */
interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/**
 * Counts failed logins per source and per account, in Postgres, so that several replicas count together;
 * while Postgres is away each counts for itself.
 *
 * @param db - where to count
 * @param limits - how many failures are borne
 * @returns the limiter; logins that succeed cost nothing
 */
export function loginLimiter(db: Database, limits: LoginLimits): LoginLimiter {
  const counter = (prefix: string, points: number) =>
    new RateLimiterPostgres({
      storeClient: { query: (statement: Statement) => db.query(statement.text, statement.values) },
      storeType: "client",
      schemaName: "token_server",
      tableName: "failed_login",
      tableCreated: true,
      keyPrefix: prefix,
      points,
      duration: limits.windowSeconds,
      insuranceLimiter: new RateLimiterMemory({
        keyPrefix: prefix,
        points,
        duration: limits.windowSeconds,
      }),
    });
  const bySource = counter("source", limits.failuresPerSource);
  const byAccount = counter("account", limits.failuresPerAccount);
  const countersOf = (attempt: Attempt) => [
    { limiter: bySource, key: attempt.source, points: limits.failuresPerSource },
    ...(attempt.account === null
      ? []
      : [
          {
            limiter: byAccount,
            key: attempt.account.slice(0, 200),
            points: limits.failuresPerAccount,
          },
        ]),
  ];
  return {
    check: async (attempt) => {
      for (const { limiter, key, points } of countersOf(attempt)) {
        const state = await limiter.get(key);
        if (state !== null && state.consumedPoints >= points) throw tooMany(state.msBeforeNext);
      }
    },
    failed: async (attempt) => {
      for (const { limiter, key } of countersOf(attempt))
        await limiter.consume(key).catch((error: unknown) => {
          // A consumed-up limit rejects with its state; the next check says so to the client.
          if (!(error instanceof RateLimiterRes)) throw error;
        });
    },
  };
}

function tooMany(milliseconds: number): Fault {
  return new Fault("TOO_MANY_REQUESTS", {
    message: "too many failed logins, wait before the next one",
    headers: { "Retry-After": String(Math.max(1, Math.ceil(milliseconds / 1000))) },
  });
}
