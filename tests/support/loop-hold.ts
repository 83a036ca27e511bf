/** Watches for how long this process keeps its event loop. */
export interface LoopWatch {
  /** @returns the longest time so far that nothing else got its turn, in milliseconds */
  end(): number;
}

/**
 * Unlike the time, what is measured does not grow with what other programs do on the machine: it is the time that passed
 * or the work that this process did, whichever is less.
 *
 * @returns a function that tells how many milliseconds that was
 */
export function ownTime(): () => number {
  const [began, used] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(used);
    return Math.min(performance.now() - began, (user + system) / 1_000);
  };
}

/** @returns a watch that has begun, in {@link ownTime} */
export function watchLoop(): LoopWatch {
  let longest = 0;
  let passed = ownTime();
  const note = () => {
    longest = Math.max(longest, passed());
    passed = ownTime();
  };
  let turn = setImmediate(function again() {
    note();
    turn = setImmediate(again);
  });
  return {
    end: () => {
      clearImmediate(turn);
      note();
      return longest;
    },
  };
}
