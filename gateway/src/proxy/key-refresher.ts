import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { TokenVerifier } from "./caller.js";

/** A withdrawn key is taken no longer than this and the time that the answer takes (docs/keys.md). */
const REFRESH_MILLISECONDS = 20_000;

/**
 * Learns new and withdrawn signing keys in the background; requests never wait for it.
 *
 * @param verifier - whose keys to refresh
 * @param log - where failures are told
 * @param everyMilliseconds - how often
 * @returns a component that refreshes at its start and every 20 seconds, whether requests come or not
 */
export function keyRefresher(
  verifier: Pick<TokenVerifier, "refresh">,
  log: Pick<Logger, "warn">,
  everyMilliseconds = REFRESH_MILLISECONDS,
): Component {
  let timer: NodeJS.Timeout | undefined;
  const failing = lastingWarning(log, "keys.refresh-failed");
  const refresh = () => {
    verifier.refresh().then(failing.worked, failing.failed);
  };
  return {
    name: "key refresher",
    start: () => {
      refresh();
      timer = setInterval(refresh, everyMilliseconds);
      return Promise.resolve();
    },
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}
