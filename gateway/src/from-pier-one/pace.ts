import { setTimeout as pause } from "node:timers/promises";

/**
 * @param perSecond - bytes a second, of all readers together; `null`: as fast as it goes
 * @param now - milliseconds of a clock that is never set
 * @returns waits until so many more may be read
 */
export function bytePace(
  perSecond: number | null,
  now: () => number = () => performance.now(),
): (bytes: number) => Promise<void> {
  if (perSecond === null) return () => Promise.resolve();
  let free = now();
  return async (bytes) => {
    const asked = now();
    const at = Math.max(asked, free);
    free = at + (bytes / perSecond) * 1_000;
    if (at > asked) await pause(at - asked);
  };
}
