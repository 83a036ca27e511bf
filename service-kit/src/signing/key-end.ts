import type { X509Certificate } from "node:crypto";
import { isWithin } from "../is-within.js";
import type { Logger } from "../log.js";

/** Something that ends. */
interface Ending {
  /** Seconds since the epoch; `null`: never. */
  readonly endsAt: number | null;
}

const WARN_AGAIN_MILLISECONDS = 3_600_000;
/** With a week left there is time to run a command. */
const WARN_SECONDS = 7 * 86_400;

/**
 * @param chain - certificates, leaf first; `null`: none are needed
 * @returns when the first of them ends, in seconds since the epoch
 */
export function endOfChain(chain: readonly X509Certificate[] | null): number | null {
  if (chain === null) return null;
  return Math.floor(Math.min(...chain.map(({ validTo }) => Date.parse(validTo))) / 1000);
}

/**
 * @param keys - keys in any order
 * @param now - seconds since the epoch
 * @returns those whose certificates have not ended; all of them when all have, so that whoever verifies says why not
 */
export function usable<K extends Ending>(keys: readonly K[], now: number): readonly K[] {
  const living = keys.filter(({ endsAt }) => endsAt === null || now < endsAt);
  return living.length === 0 ? keys : living;
}

/**
 * @param owner - whose keys they are
 * @param deps - clock in milliseconds, and log
 * @returns function that tells, at most once an hour, that the last of the keys ends soon or has ended
 */
export function endWarner(
  owner: string,
  deps: { readonly now: () => number; readonly log: Pick<Logger, "warn" | "error"> },
): (keys: readonly Ending[]) => void {
  let toldAt = -Infinity;
  return (keys) => {
    const ends = keys.map(({ endsAt }) => endsAt ?? Infinity);
    const left = Math.max(...ends) - deps.now() / 1000;
    const isTold = isWithin({ since: toldAt, now: deps.now() }, WARN_AGAIN_MILLISECONDS);
    if (left > WARN_SECONDS || isTold) return;
    toldAt = deps.now();
    const message = "the operator has to make the next one: npm run keys -- renew (docs/keys.md)";
    const line = { event: "keys.end-near", owner, hoursLeft: Math.floor(left / 3600), message };
    if (left > 0) deps.log.warn(line);
    else deps.log.error(line);
  };
}
