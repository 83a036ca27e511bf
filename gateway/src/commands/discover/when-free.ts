import { setTimeout as pause } from "node:timers/promises";

const AGAIN_MILLISECONDS = 1_000;

/**
 * @param work - does something, or answers `null` while somebody else is at it
 * @param options - how long it is asked again, in seconds; what ends the waiting; and `telling`, which says who is at it, once
 * @returns what came of it; `null`: somebody else was at it all the time
 * @throws whatever `work` throws, and the signal's reason
 */
export async function whenFree<T>(
  work: () => Promise<T | null>,
  options: {
    readonly waitSeconds: number;
    readonly signal: AbortSignal;
    readonly telling: () => Promise<void>;
  },
): Promise<T | null> {
  const end = performance.now() + options.waitSeconds * 1_000;
  let isTold = false;
  for (;;) {
    const result = await work();
    if (result !== null) return result;
    if (!isTold) await options.telling();
    isTold = true;
    options.signal.throwIfAborted();
    if (performance.now() >= end) return null;
    await pause(AGAIN_MILLISECONDS, undefined, { signal: options.signal });
  }
}
