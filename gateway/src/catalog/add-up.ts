import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { foldChanges, hasChanges } from "./sql/fold.js";

/** Adds what was changed to what lists go by. */
export interface AddUp {
  /** Adds what was acknowledged before this was called; lists go by what there is when that cannot be done. */
  now(): Promise<void>;
}

const AT_ONCE = 5_000;
const LOOK_MILLISECONDS = 2_000;

/** What adding up needs. */
export interface AddUpDeps {
  readonly db: Database;
  readonly log: Pick<Logger, "warn">;
}

/**
 * @param deps - ledger and log
 * @returns what adds up before a list is read: nobody waits twice, however many read at once
 */
export function addUp({ db, log }: AddUpDeps): AddUp {
  const failing = lastingWarning(log, "catalog.not-added-up");
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;
  const look = async (): Promise<void> => {
    if (await hasChanges(db)) await foldChanges(db, AT_ONCE);
  };
  // What runs already may have looked before the caller's push: it is waited for, and then looked once for all who came.
  const begin = (): Promise<void> => {
    running = look()
      .then(failing.worked, failing.failed)
      .finally(() => {
        running = null;
      });
    return running;
  };
  return {
    now: () => {
      if (running === null) return begin();
      next ??= running.then(() => {
        next = null;
        return begin();
      });
      return next;
    },
  };
}

/**
 * @param deps - ledger and log
 * @returns a component that adds up every two seconds, so that little waits for whoever reads next; replicas take turns
 */
export function addingUp({ db, log }: AddUpDeps): Component {
  const failing = lastingWarning(log, "catalog.not-added-up");
  return repeating("catalog", LOOK_MILLISECONDS, async (stopping) => {
    const fold = async (): Promise<void> => {
      while (!stopping.aborted && (await hasChanges(db)))
        if ((await foldChanges(db, AT_ONCE)) < AT_ONCE) return;
    };
    await fold().then(failing.worked, failing.failed);
    return LOOK_MILLISECONDS;
  });
}
