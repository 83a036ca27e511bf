/** A clock that stands still until it is moved. */
export interface TestClock {
  readonly now: () => number;
  advance(seconds: number): void;
}

/**
 * @param start - time it begins at, in milliseconds since the epoch
 * @returns the clock
 */
export function testClock(start = Date.parse("2026-11-20T12:00:00Z")): TestClock {
  let time = start;
  return {
    now: () => time,
    advance: (seconds) => {
      time += seconds * 1000;
    },
  };
}
