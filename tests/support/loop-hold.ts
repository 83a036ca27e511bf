/** Watches for how long this process keeps its event loop. */
export interface LoopWatch {
  /** @returns the longest time so far that nothing else got its turn, in milliseconds */
  end(): number;
}

/**
 * Unlike the delay of the loop, what is measured does not grow with what other programs do on the machine: of each turn it
 * is the time that passed or the work that this process did, whichever is less.
 *
 * @returns a watch that has begun
 */
export function watchLoop(): LoopWatch {
  let longest = 0;
  let [last, used] = [performance.now(), process.cpuUsage()];
  const note = () => {
    const { user, system } = process.cpuUsage(used);
    const passed = performance.now() - last;
    longest = Math.max(longest, Math.min(passed, (user + system) / 1_000));
    [last, used] = [performance.now(), process.cpuUsage()];
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
