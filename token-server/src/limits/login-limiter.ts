import { Fault } from "#registry-protocol/faults.js";
import { impatient } from "#service-kit/db/asker.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Secret } from "#service-kit/secret.js";
import type { AccountGuard, Credentials } from "../identity/identity-source.js";
import { UnusableLogin } from "../identity/make-login.js";
import { fingerprints } from "./fingerprint.js";
import { inFlight } from "./in-flight.js";
import type { LimitReport, Shown } from "./limit-report.js";
import { pointsInMemory, type Point, type PointStore } from "./points.js";
import { rightLogins } from "./right-logins.js";
import { sourceKey } from "./source-key.js";
import { storedPoints } from "./stored-points.js";

/** Slows down whoever guesses, and nobody else. */
export interface LoginLimiter {
  /**
   * Takes a point of the address and of the account before the check, and gives them back unless the credentials are
   * wrong.
   *
   * @param attempt - who tries to log in, and with what
   * @param check - verifies the credentials
   * @returns what `check` returned
   * @throws Fault TOO_MANY_REQUESTS when too many different credentials were wrong of late, or whatever `check` throws
   */
  guard<T>(attempt: Attempt, check: (accounts: AccountGuard) => Promise<T>): Promise<T>;
}

/** Who tries to log in. */
export interface Attempt {
  /** A refresh token is a random number: one that is refused is an old login, and nobody's guess. Absent: a password. */
  readonly shows?: Shown;
  /** Address of the client. */
  readonly source: string;
  /** User name, where it stands for one person or machine; `null` for names that everybody shares. */
  readonly account: string | null;
  readonly credentials: Credentials;
}

/** How many different wrong credentials are borne. */
export interface LoginLimits {
  readonly failuresPerSource: number;
  readonly failuresPerAccount: number;
  readonly windowSeconds: number;
}

export interface LimiterDeps {
  /** All replicas know it, and the database does not. */
  readonly secret: Secret;
  /** Told of failures and refusals. */
  readonly report: LimitReport;
  /** Milliseconds of a clock that is never set. */
  readonly now: () => number;
}

/** How long right logins wait for each other when many come at once. */
const MAX_WAIT_MILLISECONDS = 5_000;

type Outcome = "right" | "wrong" | "undecided" | "not tried";

interface StoredPoint extends Point {
  readonly store: PointStore;
}

/**
 * Counts different wrong credentials per address and per account, in Postgres, so that several replicas count together;
 * while Postgres is away each counts for itself. What could not be decided counts per address, on its own.
 *
 * @param db - where to count
 * @param limits - how much is borne
 * @param deps - secret, report, clock
 * @returns the limiter; credentials that were right of late are never refused for others' failures
 */
export function loginLimiter(db: Queryable, limits: LoginLimits, deps: LimiterDeps): LoginLimiter {
  const { failuresPerSource, failuresPerAccount, windowSeconds } = limits;
  const { report, now } = deps;
  const prints = fingerprints(deps.secret);
  const shared = storedPoints(impatient(db, "token_server.login_failure"), windowSeconds, now);
  const own = pointsInMemory(windowSeconds, now);
  const right = rightLogins(impatient(db, "token_server.login_success"));
  const flights = inFlight();

  const most = failuresPerSource;
  const undecidedPoint = (source: string, credential: string): StoredPoint => {
    return { key: `undecided:${source}`, credential, most, store: own };
  };
  const sourcePoint = (source: string, credential: string): StoredPoint => {
    return { key: `source:${source}`, credential, most, store: shared };
  };
  const accountPoint = (name: string, credentials: Credentials): StoredPoint => ({
    key: `account:${prints.account(name)}`,
    credential: prints.credential({ ...credentials, username: name }),
    most: failuresPerAccount,
    store: shared,
  });
  /** @returns whether a point is held now; credentials that were right of late, as `shown`, need none */
  const take = async (
    point: StoredPoint,
    source: string,
    shown: ReadonlySet<string>,
  ): Promise<boolean> => {
    const deadline = now() + MAX_WAIT_MILLISECONDS;
    for (;;) {
      const before = flights.givenBack();
      const { taken, milliseconds } = await point.store.take(point);
      if (taken) {
        flights.began(point.key);
        return true;
      }
      const isChanged = flights.givenBack() !== before && now() < deadline;
      if (isChanged || (await flights.wait(point.key, deadline - now()))) continue;
      for (const credential of shown) if (await right.isKnownAnywhere(credential)) return false;
      report.limited({ key: point.key, source, milliseconds });
      throw tooMany(milliseconds);
    }
  };
  const settle = async (point: StoredPoint, outcome: Outcome): Promise<void> => {
    const keeps = outcome === (point.store === own ? "undecided" : "wrong");
    if (!keeps) await point.store.giveBack(point);
    flights.ended(point.key, keeps ? "kept" : "given back");
  };
  const note = async (shown: ReadonlySet<string>, outcome: Outcome): Promise<void> => {
    for (const credential of shown)
      if (outcome === "right") await right.note(credential);
      else if (outcome === "wrong") await right.forget(credential);
  };

  return {
    guard: async ({ shows = "password", source: address, account, credentials }, check) => {
      const source = sourceKey(address);
      const credential = prints.credential(credentials);
      const isGuess = shows === "password";
      const points = [
        undecidedPoint(source, credential),
        ...(isGuess ? [sourcePoint(source, credential)] : []),
        ...(account === null ? [] : [accountPoint(account, credentials)]),
      ];
      const isExempt = right.isKnown(credential);
      // By the name that was typed, and by that which a directory has for it.
      const shown = new Set([credential]);
      const held: StoredPoint[] = [];
      const hold = async (point: StoredPoint) => {
        shown.add(point.credential);
        if (isExempt || held.some(({ key }) => key === point.key)) return;
        if (await take(point, source, shown)) held.push(point);
      };
      let outcome: Outcome = "not tried";
      try {
        for (const point of points) await hold(point);
        const known = isGuess
          ? (name: string) => hold(accountPoint(name, credentials))
          : () => Promise.resolve();
        const result = await check({ known });
        outcome = "right";
        return result;
      } catch (error) {
        outcome = outcomeOf(error);
        throw error;
      } finally {
        await Promise.all(held.map((point) => settle(point, outcome)));
        if (outcome === "wrong") report.failed(source, credential, shows);
        await note(shown, outcome);
      }
    },
  };
}

function outcomeOf(error: unknown): Outcome {
  if (error instanceof UnusableLogin) return "right";
  const code = error instanceof Fault ? error.code : "UNKNOWN";
  if (code === "UNAUTHORIZED") return "wrong";
  return code === "TOO_MANY_REQUESTS" ? "not tried" : "undecided";
}

function tooMany(milliseconds: number): Fault {
  return new Fault("TOO_MANY_REQUESTS", {
    message: "too many failed logins, wait before the next one",
    headers: { "Retry-After": String(Math.max(1, Math.ceil(milliseconds / 1000))) },
  });
}
