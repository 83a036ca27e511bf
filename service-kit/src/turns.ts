import { Fault } from "#registry-protocol/faults.js";

/** How much of some work is done at once. */
export interface TurnLimits {
  readonly atOnce: number;
  /** Of these for one caller. */
  readonly perCaller: number;
  /** How many may wait for their turn. */
  readonly waiting: number;
  readonly waitMilliseconds: number;
}

/** Lets callers do some work in turns. */
export interface Turns {
  /**
   * @param caller - on whose behalf; nobody takes all turns
   * @param gone - comes when nobody waits for the work any more
   * @returns gives the turn back; may be called more than once
   * @throws Fault TOO_MANY_REQUESTS or UNAVAILABLE when the turn does not come in time, or `gone`'s reason
   */
  take(caller: string, gone: AbortSignal): Promise<() => void>;
  /** How many have a turn, and how many wait for one. */
  count(): { readonly running: number; readonly waiting: number };
}

interface Waiting {
  readonly caller: string;
  readonly begin: (leave: () => void) => void;
}

/**
 * @param limits - how much at once
 * @returns turns that nobody has taken
 */
export function turns(limits: TurnLimits): Turns {
  const queue = new Set<Waiting>();
  const running = new Map<string, number>();
  let inAll = 0;
  const runningOf = (caller: string) => running.get(caller) ?? 0;
  const isFree = (caller: string) => inAll < limits.atOnce && runningOf(caller) < limits.perCaller;
  const change = (caller: string, by: 1 | -1) => {
    inAll += by;
    const now = runningOf(caller) + by;
    if (now === 0) running.delete(caller);
    else running.set(caller, now);
  };
  const begin = (caller: string): (() => void) => {
    change(caller, 1);
    let isDone = false;
    return () => {
      if (isDone) return;
      isDone = true;
      change(caller, -1);
      next();
    };
  };
  const next = () => {
    for (const waiting of queue) {
      if (!isFree(waiting.caller)) continue;
      queue.delete(waiting);
      waiting.begin(begin(waiting.caller));
      return;
    }
  };
  const tooMany = (caller: string) =>
    runningOf(caller) >= limits.perCaller
      ? new Fault("TOO_MANY_REQUESTS", { message: "too many manifests at once, try again" })
      : new Fault("UNAVAILABLE", {
          message: "too many manifests at once for the moment, try again",
        });
  return {
    count: () => ({ running: inAll, waiting: queue.size }),
    take: (caller, gone) => {
      if (gone.aborted) return Promise.reject(gone.reason as Error);
      if (isFree(caller)) return Promise.resolve(begin(caller));
      if (queue.size >= limits.waiting) return Promise.reject(tooMany(caller));
      return new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          gone.removeEventListener("abort", onGone);
          queue.delete(waiting);
        };
        const waiting: Waiting = {
          caller,
          begin: (leave) => {
            end();
            resolve(leave);
          },
        };
        const onGone = () => {
          end();
          reject(gone.reason as Error);
        };
        const timer = setTimeout(() => {
          end();
          reject(tooMany(caller));
        }, limits.waitMilliseconds);
        gone.addEventListener("abort", onGone);
        queue.add(waiting);
      });
    },
  };
}
