import { Fault } from "#registry-protocol/faults.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { turns } from "#service-kit/turns.js";
import type { LiveMetrics, StreamEnd } from "./live-metrics.js";

/** A stream that may begin. */
export interface OpenStream {
  /** Comes when the process is about to end. */
  readonly stopping: AbortSignal;
  /** Has to be called once, whatever became of it. */
  end(reason: StreamEnd): void;
}

/** The streams of this process. */
export interface LiveStreams extends Component {
  /**
   * @param caller - who reads it
   * @returns the stream
   * @throws Fault TOO_MANY_REQUESTS where the caller has as many as one may have; UNAVAILABLE where there are too many, or the process
   *   is about to end
   */
  begin(caller: string): Promise<OpenStream>;
}

/** How many streams one process has. */
export interface StreamLimits {
  readonly inAll: number;
  readonly perCaller: number;
}

/** Each holds a connection, and what its client has not taken yet of one batch. */
const STREAM_LIMITS: StreamLimits = { inAll: 256, perCaller: 8 };

/**
 * @param metrics - where streams are counted
 * @param limits - absent: as in production
 * @returns streams, of which there are none yet
 */
export function liveStreams(metrics: LiveMetrics, limits = STREAM_LIMITS): LiveStreams {
  const ending = new AbortController();
  const places = turns({
    ...{ atOnce: limits.inAll, perCaller: limits.perCaller, waiting: 0, waitMilliseconds: 0 },
    refusal: (hasShare) =>
      hasShare
        ? new Fault("TOO_MANY_REQUESTS", {
            message: `you follow ${limits.perCaller} streams of events here: end one of them`,
          })
        : new Fault("UNAVAILABLE", { message: "too many follow events: ask again" }),
  });
  const end = () => {
    ending.abort();
    return Promise.resolve();
  };
  return {
    name: "live streams",
    start: () => Promise.resolve(),
    announceStop: () => void end(),
    stop: end,
    begin: async (caller) => {
      if (ending.signal.aborted)
        throw new Fault("UNAVAILABLE", { message: "this gateway is about to end: ask again" });
      const leave = await places.take(caller).catch((error: unknown) => {
        metrics.ended("refused");
        throw error;
      });
      metrics.open(places.count().running);
      return {
        stopping: ending.signal,
        end: (reason) => {
          leave();
          metrics.open(places.count().running);
          metrics.ended(reason);
        },
      };
    },
  };
}
