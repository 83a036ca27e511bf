import { namesInMemory } from "#service-kit/hmac.js";
import { isWithin } from "#service-kit/is-within.js";
import { LRUCache } from "lru-cache";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import type { Credentials, VerifiedLogin } from "../identity-source.js";
import { singleFlight } from "./single-flight.js";

/** Remembers which credentials were right or wrong, for a short while. */
export interface RememberedLogins {
  /**
   * @param credentials - what the client showed
   * @param check - finds out whether they are right; runs once for equal credentials at a time
   * @returns the login, remembered or fresh
   * @throws whatever `check` throws; a Fault UNAUTHORIZED is remembered as well, and ends what was remembered
   */
  verify(credentials: Credentials, check: () => Promise<VerifiedLogin>): Promise<VerifiedLogin>;
  /** Forgets everything, outcomes of checks that still run included. */
  forget(): void;
}

/** How long logins are remembered. */
export interface RememberedLoginsOptions {
  /** Bound for right credentials, which never outlive their own end; 0 asks each time. */
  readonly seconds: number;
  /**
   * How long after they were last verified right credentials go on while it cannot be told whether they still are;
   * 0, or absent: not at all.
   */
  readonly outageSeconds?: number | undefined;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

interface Remembered {
  readonly login: VerifiedLogin;
  readonly verifiedAt: number;
}

/** So that a client which retries a wrong password at once costs one check and no account lock. */
const REFUSED_MILLISECONDS = 5_000;
const ENTRIES = 10_000;

/**
 * @param options - for how long
 * @returns a memory that holds no credential: entries are found by names that only this process
 *   can make. Wrong credentials have a memory of their own, so that guessing drives nothing out.
 */
export function rememberedLogins(options: RememberedLoginsOptions): RememberedLogins {
  const { seconds, outageSeconds = 0, now } = options;
  const nameOf = namesInMemory();
  const flight = singleFlight<VerifiedLogin>();
  const verified = new LRUCache<string, Remembered>({ max: ENTRIES });
  const refused = new LRUCache<string, { fault: Fault; since: number }>({ max: ENTRIES });
  let generation = 0;

  const lastVerified = (id: string, forSeconds: number) => {
    const known = verified.get(id);
    if (known === undefined) return null;
    const { login, verifiedAt } = known;
    const isRecent = isWithin({ since: verifiedAt, now: now() }, forSeconds * 1000);
    return isRecent && now() < (login.validUntil ?? Infinity) * 1000 ? login : null;
  };
  const checkAndRemember = async (id: string, check: () => Promise<VerifiedLogin>) => {
    try {
      const login = await check();
      verified.set(id, { login, verifiedAt: now() });
      return login;
    } catch (error) {
      const isRefusal = error instanceof Fault && error.code === "UNAUTHORIZED";
      // Only a verdict ends what was right; that it cannot be told ends nothing.
      if (isRefusal) {
        verified.delete(id);
        refused.set(id, { fault: error, since: now() });
      }
      const known = isUnavailable(error) ? lastVerified(id, outageSeconds) : null;
      if (known === null) throw error;
      return known;
    }
  };
  return {
    verify: async ({ username, password }, check) => {
      // What a check finds out that began before everything was forgotten stands under a name that nobody asks for.
      const id = `${generation}:${nameOf(JSON.stringify([username, password.reveal()]))}`;
      const known = lastVerified(id, seconds);
      if (known !== null) return known;
      const wrong = refused.get(id);
      if (wrong !== undefined && isWithin({ since: wrong.since, now: now() }, REFUSED_MILLISECONDS))
        throw wrong.fault;
      return flight(id, () => checkAndRemember(id, check));
    },
    forget: () => {
      generation += 1;
      verified.clear();
      refused.clear();
    },
  };
}
