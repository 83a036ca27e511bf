import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { BATCH, handleNotifications, type HandleDeps } from "./handle-notifications.js";
import type { LookDeps } from "./look-at-tag.js";
import { notificationBacklog, pruneNotifications } from "./sql/work-notifications.js";

/** What working needs. */
export interface NotificationWorkerDeps extends Omit<HandleDeps, "tags"> {
  readonly tags: Omit<LookDeps, "signal">;
}

/** Handles what the registry reported. */
export interface NotificationWorker extends Component {
  /** Says that there is something to do. */
  readonly wake: () => void;
}

const LOOK_MILLISECONDS = 2_000;
/** Whoever pushes one image pushes another: what comes within this is handled together. */
const GATHER_MILLISECONDS = 50;
const MEASURE_MILLISECONDS = 1_000;
const PRUNE_MILLISECONDS = 3_600_000;
const KEPT_DAYS = { handled: 7, dead: 30 };

/**
 * @param deps - ledger, registry and metrics
 * @param milliseconds - how often it looks when nobody wakes it
 * @returns a component that works until nothing is left, then looks now and then
 */
export function notificationWorker(
  deps: NotificationWorkerDeps,
  milliseconds = LOOK_MILLISECONDS,
): NotificationWorker {
  const stopping = new AbortController();
  const handling: HandleDeps = { ...deps, tags: { ...deps.tags, signal: stopping.signal } };
  let timer: NodeJS.Timeout | undefined;
  let pruning: NodeJS.Timeout | undefined;
  const failing = lastingWarning(deps.log, "notifications.not-handled");
  let running = Promise.resolve();
  let measuredAt = -Infinity;
  let state: "new" | "idle" | "woken" | "busy" | "busy and woken" = "new";
  const work = async (): Promise<void> => {
    try {
      for (let handled = BATCH; handled === BATCH;) {
        handled = stopping.signal.aborted ? 0 : await handleNotifications(handling);
        // Also meanwhile: what takes long to work off is what has to be seen.
        if (performance.now() - measuredAt < MEASURE_MILLISECONDS) continue;
        measuredAt = performance.now();
        await measure(deps);
      }
      failing.worked();
    } catch (error) {
      failing.failed(error);
    }
  };
  const go = () => {
    clearTimeout(timer);
    if (stopping.signal.aborted) return;
    state = "busy";
    running = work().then(() => {
      const woken = wasWoken();
      state = woken ? "woken" : "idle";
      timer = setTimeout(go, woken ? GATHER_MILLISECONDS : milliseconds);
    });
  };
  const wasWoken = () => state === "busy and woken";
  return {
    name: "notifications",
    wake: () => {
      if (state === "idle") {
        clearTimeout(timer);
        state = "woken";
        timer = setTimeout(go, GATHER_MILLISECONDS);
      } else if (state === "busy") state = "busy and woken";
    },
    start: () => {
      go();
      pruning = setInterval(() => void prune(handling), PRUNE_MILLISECONDS);
      return Promise.resolve();
    },
    stop: async () => {
      stopping.abort(new Error("the gateway is stopping"));
      clearInterval(pruning);
      await running;
      clearTimeout(timer);
    },
  };
}

async function measure({ db, hookMetrics }: Pick<HandleDeps, "db" | "hookMetrics">): Promise<void> {
  const { waiting, oldestSeconds } = await notificationBacklog(db);
  hookMetrics.waiting.set(waiting);
  hookMetrics.oldestSeconds.set(oldestSeconds);
}

async function prune({ db, log, tags: { signal } }: HandleDeps): Promise<void> {
  try {
    while (!signal.aborted && (await pruneNotifications(db, KEPT_DAYS)) > 0);
  } catch (error) {
    log.warn({ event: "notifications.not-pruned", err: error });
  }
}
