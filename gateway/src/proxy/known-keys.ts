import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from "jose";
import { z } from "zod";
import { isWithin } from "#service-kit/is-within.js";
import {
  answerTime,
  clockReading,
  steadyNow,
  timeInHeaders,
  type ClockReading,
} from "#service-kit/clocks/clock-reading.js";
import { fetchAgain } from "#service-kit/http/fetch-again.js";
import { askOneOf } from "./ask-one-of.js";

/** The token server's keys as they were last told. */
export interface KnownKeys {
  /** Finds the key of a token; asks for keys when it has none of that name. */
  readonly find: JWTVerifyGetKey;
  /**
   * @param keyId - `kid` of a key
   * @returns whether it was among the keys when they were last told, and that is not too long ago
   */
  has(keyId: string): boolean;
  /** @returns whether they were told at least once */
  had(): boolean;
  /** Asks for the keys; keeps the ones it has when that fails. */
  refresh(): Promise<void>;
}

/** The keys were not told for so long that none of them can be believed: one may have been withdrawn since. */
export class KeysTooOld extends Error {
  override readonly name = "KeysTooOld";
}

/** What keys go by. */
export interface KnownKeysOptions {
  /** How long keys count that could not be asked for again, in seconds. */
  readonly maxAgeSeconds: number;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  /** Told what the token server's clock says, with each answer. */
  readonly onTime: (reading: ClockReading) => void;
  /** Made for each request: by what the gateway says of itself, the token server knows its clock, too. */
  readonly introduce: (path: string) => Readonly<Record<string, string>>;
}

/**
 * @param urls - where token servers publish the keys that they share; one at least
 * @param options - how long keys count, the own clock, and who hears of the other one
 * @returns the keys; none are known before the first question
 */
export function knownKeys(
  urls: readonly URL[],
  { maxAgeSeconds, now, onTime, introduce }: KnownKeysOptions,
): KnownKeys {
  let toldAt: number | null = null;
  let keyIds: ReadonlySet<string> = new Set();
  const [first] = urls;
  if (first === undefined) throw new TypeError("no token server");
  const keys = createRemoteJWKSet(first, {
    timeoutDuration: 3_000,
    // A key that is new to us is asked for at once; strangers' keys must not make us ask all the time.
    cooldownDuration: 1_000,
    cacheMaxAge: Infinity,
    [customFetch]: async (_address, init) => {
      const { asked, answer } = await askOneOf(urls, (url, signal) => {
        const headers = { ...Object.fromEntries(init.headers), ...introduce(url.pathname) };
        return fetchAgain(url, {
          ...init,
          headers,
          signal: AbortSignal.any([init.signal, signal]),
        });
      });
      const time = timeInHeaders(answerTime(answer.headers));
      if (time !== null) onTime(clockReading(time, asked, steadyNow()));
      const told = answer.status === 200 ? keyIdsIn(await answer.clone().text()) : null;
      if (told !== null) {
        toldAt = now();
        keyIds = told;
      }
      return answer;
    },
  });
  const isTooOld = () =>
    toldAt !== null && !isWithin({ since: toldAt, now: now() }, maxAgeSeconds * 1000);
  return {
    find: async (header, token) => {
      if (isTooOld()) await keys.reload();
      if (isTooOld()) throw new KeysTooOld("the keys were told too long ago");
      return keys(header, token);
    },
    had: () => toldAt !== null,
    has: (keyId) => !isTooOld() && keyIds.has(keyId),
    refresh: () => keys.reload(),
  };
}

const keySet = z.object({ keys: z.array(z.object({ kid: z.string() })) });

/** What is no key set says nothing: the keys from before stay, and grow old. */
function keyIdsIn(text: string): ReadonlySet<string> | null {
  try {
    const { keys } = keySet.parse(JSON.parse(text));
    return new Set(keys.map(({ kid }) => kid));
  } catch {
    return null;
  }
}
