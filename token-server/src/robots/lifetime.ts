import { Fault } from "#registry-protocol/faults.js";

/** How long robots may live. */
export interface LifetimeDeps {
  /** Longest life of a robot, in days. */
  readonly robotMaxDays: number;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

const DAY_MILLISECONDS = 24 * 3600 * 1000;
const USUAL_DAYS = 365;

/**
 * @param deps - clock, and the longest life
 * @param days - how long it is to live from now; `null`: as long as robots do when nothing is said
 * @returns when it ends
 * @throws Fault REQUEST_INVALID when that is longer than robots may live
 */
export function endOf({ robotMaxDays, now }: LifetimeDeps, days: number | null): Date {
  if (days !== null && days > robotMaxDays)
    throw new Fault("REQUEST_INVALID", {
      message: `expiresInDays: robots live ${robotMaxDays} days at most`,
    });
  return new Date(now() + (days ?? Math.min(USUAL_DAYS, robotMaxDays)) * DAY_MILLISECONDS);
}

/**
 * @param deps - clock, and the longest life
 * @param robot - a robot that is to keep its end
 * @returns when it ends: as before, unless robots live shorter by now
 * @throws Fault CONFLICT when it has ended already
 */
export function keptEnd(deps: LifetimeDeps, { expiresAt }: { readonly expiresAt: Date }): Date {
  if (expiresAt.getTime() <= deps.now())
    throw new Fault("CONFLICT", {
      message: `the robot expired at ${expiresAt.toISOString()}: rotate it and say for how many days (expiresInDays)`,
    });
  return new Date(Math.min(expiresAt.getTime(), endOf(deps, deps.robotMaxDays).getTime()));
}

const HOUR_MILLISECONDS = 3600 * 1000;

/**
 * @param deps - clock
 * @param hours - how long the secret of before a rotation is to be good, too
 * @param expiresAt - when the robot ends
 * @returns when that secret ends, no later than the robot; `null`: with the rotation
 */
export function overlapEnd(
  { now }: Pick<LifetimeDeps, "now">,
  hours: number,
  expiresAt: Date,
): Date | null {
  if (hours === 0) return null;
  return new Date(Math.min(now() + hours * HOUR_MILLISECONDS, expiresAt.getTime()));
}
