import type { Database } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { placeAt, wentBack, type Head, type Place } from "./place.js";
import { readCommitted, readHead, type FollowedEvent } from "./sql/committed-events.js";

/** Events that came to light, and where whoever was told of them is. */
export interface Batch {
  readonly events: readonly { readonly event: FollowedEvent; readonly place: Place }[];
  readonly place: Place;
  /** Whether the database has gone back, so that nobody can say what was missed. */
  readonly isBroken: boolean;
}

/** Somebody who follows. */
export interface Follower {
  /**
   * @returns the place of now, asked for after the call
   * @throws Fault UNAVAILABLE when the database cannot be used
   */
  now(): Promise<Head>;
  /** @returns whether there is nothing behind a place as far as is known */
  isNewest(place: Place): boolean;
  /**
   * @param place - where they are
   * @param signal - ends the wait
   * @param patience - so does this, in milliseconds
   * @returns what follows, as soon as there is something; `null`: there was nothing
   */
  next(place: Place, signal: AbortSignal, patience: number): Promise<Batch | null>;
  /** They follow no more. */
  end(): void;
}

/** What was committed, whichever gateway it came through, for all who follow it in this process. */
export interface LiveFeed extends Component {
  follow(): Follower;
  /** Something was committed, perhaps. */
  wake(): void;
}

/** How often is looked, in milliseconds. */
export interface LookTimes {
  /** Without having been told of anything. */
  readonly look: number;
  /** After having been told: several commits are looked for at once. */
  readonly soon: number;
}

const TIMES: LookTimes = { look: 1_000, soon: 20 };
/** Events that are read at once. */
const BATCH = 200;

/**
 * @param deps - ledger and log
 * @param times - absent: as in production
 * @returns the feed, which asks the ledger for nothing while nobody follows
 */
export function liveFeed(
  { db, log }: { readonly db: Database; readonly log: Pick<Logger, "warn"> },
  times = TIMES,
): LiveFeed {
  const sleepers = new Set<() => void>();
  const reads = new Map<string, Promise<Batch>>();
  const failing = lastingWarning(log, "live.not-read");
  let followers = 0;
  let head: Head | null = null;
  let looking: NodeJS.Timeout | undefined;
  let soon: NodeJS.Timeout | undefined;

  const look = oneAfterTheOther(async () => {
    head = await readHead(db);
    failing.worked();
    reads.clear();
    for (const wake of sleepers) wake();
    return head;
  });
  const lookInBackground = () => void look().catch(failing.failed);
  const end = () => {
    clearInterval(looking);
    clearTimeout(soon);
    [looking, soon] = [undefined, undefined];
  };
  /** Those who are at the same place, as all are who have come to the end, read together. */
  const read = (place: Place, towards: Head): Promise<Batch> => {
    const key = JSON.stringify(place);
    const reading = reads.get(key) ?? readBatch(db, place, towards);
    reads.set(key, reading);
    return reading;
  };
  const isNewest = ({ told, towards }: Place) =>
    towards === null && told.snapshot === head?.snapshot;
  const next = async (place: Place, signal: AbortSignal, patience: number) => {
    const until = performance.now() + patience;
    while (!signal.aborted) {
      if (head !== null && !isNewest(place))
        try {
          return await read(place, head);
        } catch (error) {
          failing.failed(error);
        }
      const left = until - performance.now();
      if (left <= 0) return null;
      await asleep(sleepers, signal, left);
    }
    return null;
  };
  return {
    name: "live events",
    start: () => Promise.resolve(),
    stop: () => {
      end();
      return Promise.resolve();
    },
    wake: () => {
      if (followers > 0)
        soon ??= setTimeout(() => {
          soon = undefined;
          lookInBackground();
        }, times.soon);
    },
    follow: () => {
      followers += 1;
      looking ??= setInterval(lookInBackground, times.look);
      let isOver = false;
      return {
        ...{ now: look, isNewest, next },
        end: () => {
          if (isOver) return;
          isOver = true;
          followers -= 1;
          if (followers === 0) end();
        },
      };
    },
  };
}

async function readBatch(db: Database, { told, towards }: Place, head: Head): Promise<Batch> {
  const to = towards?.head ?? head;
  if (wentBack(told, to) || wentBack(to, head))
    return { events: [], place: placeAt(head), isBroken: true };
  const between = { from: told, to, after: towards?.after ?? null };
  const found = await readCommitted(db, between, BATCH);
  const events = found.map((event) => ({
    event,
    place: { told, towards: { head: to, after: event.place } },
  }));
  const last = events.at(-1);
  const isWhole = found.length < BATCH || last === undefined;
  return { events, place: isWhole ? placeAt(to) : last.place, isBroken: false };
}

/** Whoever calls while it runs gets the outcome of a run that begins after that. */
function oneAfterTheOther<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  let waiting: Promise<T> | null = null;
  const run = (): Promise<T> => {
    if (running === null) {
      running = work().finally(() => {
        running = null;
      });
      return running;
    }
    waiting ??= running
      .catch(() => undefined)
      .then(() => {
        waiting = null;
        return run();
      });
    return waiting;
  };
  return run;
}

function asleep(
  sleepers: Set<() => void>,
  signal: AbortSignal,
  milliseconds: number,
): Promise<void> {
  return new Promise((resolve) => {
    const wake = () => {
      clearTimeout(timer);
      sleepers.delete(wake);
      signal.removeEventListener("abort", wake);
      resolve();
    };
    const timer = setTimeout(wake, milliseconds);
    sleepers.add(wake);
    signal.addEventListener("abort", wake);
    if (signal.aborted) wake();
  });
}
