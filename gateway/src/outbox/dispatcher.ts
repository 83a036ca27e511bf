import { isUnavailable } from "#registry-protocol/faults.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { Sink } from "../events/sink.js";
import { deliverAside } from "./deliver-aside.js";
import { deliverQueue } from "./deliver-queue.js";
import { readBacklog } from "./sql/backlog.js";
import { claimQueue } from "./sql/deliver.js";
import { pruneEvents } from "./sql/prune.js";
import { stopWatch } from "./stop-watch.js";
import { LEASE_SECONDS, type DeliverDeps } from "./try-delivery.js";

/** Delivers events in the background. */
export interface Dispatcher extends Component {
  /** Says that something was put into a queue, or is about to be. */
  readonly wake: () => void;
}

/** What a dispatcher is told. */
export interface DispatcherOptions {
  readonly sinks: readonly Sink[];
  /** Days for which delivered events are kept. */
  readonly keepDays: number;
}

const QUEUES_AT_ONCE = 4;
/** Of a long queue the first ones alone, so that others get their turn. */
const CLAIM = { leaseSeconds: LEASE_SECONDS, most: 20 };
const LOOK_MILLISECONDS = 1_000;
/** Whoever wakes it has not committed yet. */
const SOON_MILLISECONDS = 20;
const MEASURE_MILLISECONDS = 5_000;
const PRUNE_MILLISECONDS = 600_000;
const STOP_WITHIN_MILLISECONDS = 2_000;

/**
 * @param deps - ledger and what delivering needs
 * @param options - the sinks
 * @returns a component that delivers what is in the queues; replicas share the queues, each of which one of
 *   them delivers from at a time
 */
export function dispatcher(deps: DeliverDeps, { sinks, keepDays }: DispatcherOptions): Dispatcher {
  const stopping = new AbortController();
  const timers = new Set<NodeJS.Timeout>();
  const lines = sinks.map((sink) => deliveryLine(deps, sink, stopping.signal));
  const mayDeliver = tellingHoldUps(deps);
  const lookAll = (alsoAside: boolean) => {
    if (!mayDeliver()) return;
    for (const line of lines) {
      line.look();
      if (alsoAside) line.lookAside();
    }
  };
  let soon: NodeJS.Timeout | undefined;
  const every = (milliseconds: number, work: () => void) => {
    timers.add(setInterval(work, milliseconds));
  };
  /** With queues without number one round may take longer than it is until the next. */
  const oneAtATime = (work: () => Promise<void>) => {
    let running: Promise<unknown> | null = null;
    return () => {
      running ??= quietly(work()).finally(() => (running = null));
    };
  };
  const names = sinks.map(({ name }) => name);
  const stops = stopWatch(deps, sinks);
  const measure = oneAtATime(async () => {
    deps.metrics.backlog(await readBacklog(deps.db, names));
    await stops.look();
  });
  const prune = oneAtATime(async () => {
    while (!stopping.signal.aborted && (await pruneEvents(deps.db, keepDays)) > 0);
    await stops.forgetElsewhere();
  });
  const quietly = (work: Promise<unknown>) =>
    work.catch((error: unknown) => {
      if (!isUnavailable(error)) deps.log.error({ event: "outbox.failed", err: error });
    });
  return {
    name: "outbox",
    wake: () => {
      if (stopping.signal.aborted) return;
      soon ??= setTimeout(() => {
        soon = undefined;
        lookAll(false);
      }, SOON_MILLISECONDS);
    },
    start: () => {
      every(LOOK_MILLISECONDS, () => {
        lookAll(true);
      });
      every(MEASURE_MILLISECONDS, measure);
      every(PRUNE_MILLISECONDS, prune);
      void quietly(stops.begin());
      return Promise.resolve();
    },
    stop: async () => {
      stopping.abort();
      clearTimeout(soon);
      for (const timer of timers) clearInterval(timer);
      const ended = Promise.all(lines.map((line) => line.ended()));
      await Promise.race([ended, timeout(STOP_WITHIN_MILLISECONDS)]);
    },
  };
}

/** What delivers to one sink: a slow one keeps none of the others waiting. */
function deliveryLine(deps: DeliverDeps, sink: Sink, stopping: AbortSignal) {
  const running = new Set<Promise<void>>();
  let aside: Promise<void> | null = null;
  let away = false;
  let looksInVain = 0;
  /** Whoever finds more than one queue lets another one look, up to so many at once. */
  const look = (): void => {
    if (stopping.aborted) return;
    if (running.size >= QUEUES_AT_ONCE) {
      looksInVain += 1;
      return;
    }
    const work = tellingOnce(deliverQueues()).finally(() => {
      running.delete(work);
    });
    running.add(work);
  };
  const deliverQueues = async (): Promise<void> => {
    for (;;) {
      const before = looksInVain;
      const queue = await claimQueue(deps.db, sink, CLAIM);
      away = false;
      if (queue === null) return;
      if (queue.others) look();
      const isDue = await deliverQueue(deps, sink, queue, stopping);
      if (stopping.aborted || deps.heldBack() !== null) return;
      if (!isDue && !queue.others && looksInVain === before) return;
    }
  };
  /** What has failed before keeps none of the places of what has not. */
  const lookAside = (): void => {
    aside ??= tellingOnce(deliverAside(deps, sink, stopping)).finally(() => {
      aside = null;
    });
  };
  const tellingOnce = async (work: Promise<void>): Promise<void> => {
    try {
      await work;
    } catch (error) {
      if (!away || !isUnavailable(error))
        deps.log.warn({ event: "outbox.waits", sink: sink.name, err: error });
      away = true;
    }
  };
  return { look, lookAside, ended: () => Promise.all([...running, aside]) };
}

/** What is held back waits in its queue as it does for a sink that is away, and no attempt is counted. */
function tellingHoldUps({ heldBack, log }: DeliverDeps): () => boolean {
  let held = false;
  return () => {
    const reason = heldBack();
    if ((reason !== null) !== held) {
      if (reason === null) log.info({ event: "outbox.goes-on" });
      else log.error({ event: "outbox.held-back", reason });
      held = reason !== null;
    }
    return !held;
  };
}

function timeout(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds).unref());
}
