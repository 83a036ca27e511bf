import type { ServerResponse } from "node:http";
import { LRUCache } from "lru-cache";
import { Fault } from "#registry-protocol/faults.js";
import type { EnvReader } from "../config.js";

/** Counts the requests of whoever asks, and refuses more than they may make. */
export interface RequestLimit {
  /**
   * @param who - whoever asks
   * @param res - the answer, which is told how many more there may be
   * @throws Fault TOO_MANY_REQUESTS
   */
  count(who: string, res: ServerResponse): void;
}

const WINDOW_SECONDS = 60;
/** As many askers are remembered; whoever is forgotten begins anew. */
const MOST_ASKERS = 50_000;

interface Window {
  readonly endsAt: number;
  left: number;
}

/**
 * @param read - reader that collects faults
 * @returns how many requests to the REST API one caller may make in a minute
 */
export function readApiRequests(read: EnvReader): number {
  return read.integer(
    "API_REQUESTS_PER_MINUTE",
    1_200,
    { min: 10, max: 1_000_000 },
    "requests to the REST API that one caller, or one address without a login, may make in a minute of each process; more are " +
      "answered 429 (docs/rest-api.md)",
  );
}

/**
 * By the minute that begins with somebody's first request, in this process.
 *
 * @param most - requests per minute
 * @param now - current time in milliseconds, of a clock that is never set
 * @returns the limit
 */
export function requestLimit(most: number, now: () => number): RequestLimit {
  const windows = new LRUCache<string, Window>({ max: MOST_ASKERS });
  return {
    count: (who, res) => {
      const at = now();
      const known = windows.get(who);
      const window =
        known !== undefined && at < known.endsAt
          ? known
          : { endsAt: at + WINDOW_SECONDS * 1_000, left: most };
      windows.set(who, window);
      const isOver = window.left === 0;
      if (!isOver) window.left -= 1;
      const seconds = Math.ceil((window.endsAt - at) / 1_000);
      // draft-ietf-httpapi-ratelimit-headers: what may be asked in a window, and what is left of it.
      res.setHeader("RateLimit-Policy", `"minute";q=${most};w=${WINDOW_SECONDS}`);
      res.setHeader("RateLimit", `"minute";r=${window.left};t=${seconds}`);
      if (isOver)
        throw new Fault("TOO_MANY_REQUESTS", {
          message: `more than ${most} requests in a minute: go on in ${seconds} s`,
          headers: { "Retry-After": String(seconds) },
        });
    },
  };
}
