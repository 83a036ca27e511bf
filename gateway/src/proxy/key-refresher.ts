import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { TokenVerifier } from "./caller.js";

const REFRESH_MILLISECONDS = 5 * 60 * 1000;

/**
 * Learns new and withdrawn signing keys in the background; requests never wait for it.
 *
 * @param verifier - whose keys to refresh
 * @param log - where failures are told
 * @returns a component that refreshes at its start and every five minutes
 */
export function keyRefresher(verifier: TokenVerifier, log: Logger): Component {
  let timer: NodeJS.Timeout | undefined;
  const refresh = () => {
    verifier.refresh().catch((error: unknown) => {
      log.warn({ event: "keys.refresh-failed", err: error });
    });
  };
  return {
    name: "key refresher",
    start: () => {
      refresh();
      timer = setInterval(refresh, REFRESH_MILLISECONDS);
      return Promise.resolve();
    },
    stop: () => {
      clearInterval(timer);
      return Promise.resolve();
    },
  };
}
