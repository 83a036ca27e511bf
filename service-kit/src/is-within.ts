/** A moment, and now, by the same clock. */
export interface Elapsed {
  readonly since: number;
  readonly now: number;
}

/**
 * For what lasts as long as something was told to, in memory. By a clock that was set back meanwhile the moment lies in the future:
 * how long ago it was nobody knows, and it is over. So nothing lasts for the hours that a clock was ahead.
 *
 * @param elapsed - when it began, and now
 * @param length - how long it lasts, in the clock's unit
 * @returns whether it goes on
 */
export function isWithin({ since, now }: Elapsed, length: number): boolean {
  const passed = now - since;
  return passed >= 0 && passed < length;
}
