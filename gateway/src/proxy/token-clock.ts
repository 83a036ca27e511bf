import { Fault } from "#registry-protocol/faults.js";
import type { ClockWatch } from "#service-kit/clocks/clock-watch.js";

/** Whose clock tokens go by, for messages. */
export const TOKEN_SERVER = "the token server";

/** What is known of clocks. */
export type KnownClocks = Pick<ClockWatch, "note" | "comparison">;

/** When a token begins and ends, in seconds since the epoch (RFC 7519 section 4.1). */
export interface TokenTimes {
  readonly nbf?: number | undefined;
  readonly exp?: number | undefined;
}

/**
 * A token that is good by the clock of whoever signed it, and not by ours, is no fault of its bearer, who would get the
 * like again and again.
 *
 * @param clocks - what is known of clocks
 * @param payload - a token whose signature, issuer and audience are right, and whose time is not
 * @param at - the own clock in seconds since the epoch, and how much is let pass
 * @returns what is wrong with the clocks; `null` when nothing is, or the token is bad by both
 */
export function faultOfClocks(
  clocks: KnownClocks,
  { nbf = 0, exp = 0 }: TokenTimes,
  { seconds, leewaySeconds }: { readonly seconds: number; readonly leewaySeconds: number },
): Fault | null {
  const { differing, message } = clocks.comparison();
  const theirs = differing.find(({ name }) => name === TOKEN_SERVER);
  if (theirs === undefined || message === null) return null;
  const there = seconds + theirs.aheadSeconds;
  const slack = leewaySeconds + theirs.uncertainSeconds;
  if (nbf > there + slack || exp <= there - slack) return null;
  return new Fault("UNAVAILABLE", { message: `no token can be judged for now: ${message}` });
}
