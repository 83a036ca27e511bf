import type { DeliverDeps } from "./try-delivery.js";
import { endStopsElsewhere, readStops, type SinkPlace } from "./sql/stops.js";

/** Knows which sinks are stopped. */
export interface StopWatch {
  /** Says of every sink that is stopped that it still is, at the start of a gateway. */
  begin(): Promise<void>;
  /** Shows by the metrics what is stopped. */
  look(): Promise<void>;
  /** Starts sinks again that lead elsewhere by now. */
  forgetElsewhere(): Promise<void>;
}

/**
 * @param deps - ledger, log and metrics
 * @param sinks - the sinks as they are configured
 * @returns what watches over their stops
 */
export function stopWatch(
  { db, log, metrics }: Pick<DeliverDeps, "db" | "log" | "metrics">,
  sinks: readonly SinkPlace[],
): StopWatch {
  const look = async () => {
    const targets = new Map(sinks.map(({ name, target }) => [name, target]));
    const stops = (await readStops(db)).filter(({ sink, target }) => targets.get(sink) === target);
    metrics.stopped(stops.map(({ sink }) => sink));
    return stops;
  };
  const forgetElsewhere = async () => {
    for (const sink of await endStopsElsewhere(db, sinks))
      log.info({ event: "event.sink-elsewhere", sink });
  };
  return {
    begin: async () => {
      await forgetElsewhere();
      for (const { sink, reason, stoppedAt } of await look())
        log.warn({ event: "event.sink-still-stopped", sink, reason, stoppedAt });
    },
    look: async () => {
      await look();
    },
    forgetElsewhere,
  };
}
