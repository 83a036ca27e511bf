import { setTimeout as pause } from "node:timers/promises";
import type { ReadinessWatch } from "./readiness.js";
import type { Component } from "./run-until-signal.js";

/** Where something is away for longer, what goes on without it is not kept waiting. */
const MOST_MILLISECONDS = 5_000;
const LOOK_MILLISECONDS = 100;

/**
 * A load balancer without health checks sends requests to whoever listens, at once. What a service has to learn first (the
 * mode, the registry's storage, keys) is there within moments, but for a machine that has too much to do, or a database
 * that is just starting.
 *
 * @param readiness - what says whether the service can do its work
 * @param mostMilliseconds - how long it is waited for
 * @returns a component, to be started before the ports: its start ends when the service is ready, or then
 */
export function readyAtStart(
  readiness: Pick<ReadinessWatch, "check">,
  mostMilliseconds = MOST_MILLISECONDS,
): Component {
  return {
    name: "readiness at start",
    start: async () => {
      const until = performance.now() + mostMilliseconds;
      const over = pause(mostMilliseconds, false, { ref: false });
      while (performance.now() < until) {
        const isReady = readiness.check().then(({ ready }) => ready);
        if (await Promise.race([isReady, over])) return;
        await pause(LOOK_MILLISECONDS);
      }
    },
    stop: () => Promise.resolve(),
  };
}
