import { Fault } from "#registry-protocol/faults.js";

/** How much of some work is done at once. */
export interface TurnLimits {
  readonly atOnce: number;
  /** Of these for one caller. */
  readonly perCaller: number;
  /** How many may wait for their turn. */
  readonly waiting: number;
  readonly waitMilliseconds: number;
  /** Made for whoever waits too long; told whether its caller has all turns that one may have. Absent: of manifests. */
  readonly refusal?: (hasShare: boolean) => Fault;
}

/** Lets callers do some work in turns. */
export interface Turns {
  /**
   * @param caller - on whose behalf; nobody takes all turns; `null`: nobody's, to whom no share applies
   * @param gone - comes when nobody waits for the work any more; absent: never
   * @returns gives the turn back; may be called more than once
   * @throws the refusal when the turn does not come in time, or `gone`'s reason
   */
  take(caller: string | null, gone?: AbortSignal): Promise<() => void>;
  /** How many have a turn, and how many wait for one. */
  count(): { readonly running: number; readonly waiting: number };
}

interface Waiting {
  readonly caller: string | null;
  readonly begin: (leave: () => void) => void;
}

/**
 * @param limits - how much at once
 * @returns turns that nobody has taken
 */
export function turns(limits: TurnLimits): Turns {
  const queue = new Set<Waiting>();
  const running = new Map<string | null, number>();
  let inAll = 0;
  const runningOf = (caller: string | null) => running.get(caller) ?? 0;
  const hasShare = (caller: string | null) =>
    caller !== null && runningOf(caller) >= limits.perCaller;
  const isFree = (caller: string | null) => inAll < limits.atOnce && !hasShare(caller);
  const change = (caller: string | null, by: 1 | -1) => {
    inAll += by;
    const now = runningOf(caller) + by;
    if (now === 0) running.delete(caller);
    else running.set(caller, now);
  };
  const begin = (caller: string | null): (() => void) => {
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
  const { refusal = tooManyManifests } = limits;
  const tooMany = (caller: string | null) => refusal(hasShare(caller));
  return {
    count: () => ({ running: inAll, waiting: queue.size }),
    take: (caller, gone) => {
      if (gone?.aborted === true) return Promise.reject(gone.reason as Error);
      if (isFree(caller)) return Promise.resolve(begin(caller));
      if (queue.size >= limits.waiting) return Promise.reject(tooMany(caller));
      return new Promise((resolve, reject) => {
        const end = () => {
          clearTimeout(timer);
          gone?.removeEventListener("abort", onGone);
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
          reject(gone?.reason as Error);
        };
        const timer = setTimeout(() => {
          end();
          reject(tooMany(caller));
        }, limits.waitMilliseconds);
        gone?.addEventListener("abort", onGone);
        queue.add(waiting);
      });
    },
  };
}

function tooManyManifests(hasShare: boolean): Fault {
  return hasShare
    ? new Fault("TOO_MANY_REQUESTS", { message: "too many manifests at once, try again" })
    : new Fault("UNAVAILABLE", { message: "too many manifests at once for the moment, try again" });
}
