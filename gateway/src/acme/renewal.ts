import type { CertificatePair } from "#service-kit/tls/certificate-pair.js";

/** As authorities advise: with so much of its life left there is time for many attempts. */
const LEFT_SHARE = 1 / 3;
const FIRST_WAIT_SECONDS = 300;
/** Also how far ahead of the clock the next attempt may lie. */
export const MOST_WAIT_SECONDS = 6 * 3_600;

/**
 * @param pair - what is served; `null`: nothing was issued yet
 * @param seconds - now, since the epoch
 * @returns whether another one is wanted
 */
export function isDue(pair: CertificatePair | null, seconds: number): boolean {
  if (pair === null) return true;
  const beganAt = Date.parse(pair.leaf.validFrom) / 1_000;
  return pair.endsAt - seconds <= (pair.endsAt - beganAt) * LEFT_SHARE;
}

/**
 * Authorities lock out who fails five times within an hour.
 *
 * @param failures - one after the other, this one among them
 * @returns for how long nothing is attempted, in seconds
 */
export function waitSeconds(failures: number): number {
  return Math.min(MOST_WAIT_SECONDS, FIRST_WAIT_SECONDS * 2 ** (failures - 1));
}
