import { setTimeout as pause } from "node:timers/promises";
import pg from "pg";
import { Fault } from "#registry-protocol/faults.js";
import type { Logger } from "../log.js";
import { unavailable } from "./errors.js";

/** How long is waited for a silent server, in milliseconds. */
export interface Patience {
  /** For any answer, until the server is asked whether it is there. */
  readonly silence: number;
  /** For the answer to that question. */
  readonly answer: number;
  /** Between two such questions while it is not. */
  readonly again: number;
}

/** What a breaker needs. */
export interface BreakerDeps {
  /** Asks the server, on a connection of its own, whether it is there. @throws when it has not said so by then */
  readonly probe: (milliseconds: number) => Promise<void>;
  /** Gives up all connections and what they wait for: nobody can tell what becomes of it. */
  readonly cut: () => void;
  readonly log: Pick<Logger, "error" | "info">;
  /** Is told whenever the server begins to count as away, and when it ends to. */
  readonly shown?: (isAway: boolean) => void;
  readonly patience?: Patience;
}

/** Keeps work from a server that says nothing, so that nobody waits for it in turn. */
export interface Breaker {
  /**
   * @param work - asks the server
   * @returns what `work` returns
   * @throws Fault UNAVAILABLE at once while the server is silent
   */
  run<T>(work: () => Promise<T>): Promise<T>;
  stop(): void;
}

const PATIENCE: Patience = { silence: 3_000, answer: 2_000, again: 500 };

/**
 * A server that refuses is told from one that hangs by its answer. A hanging one costs whoever asks first their
 * patience; from then on it counts as away, and is asked by one probe at a time, until it answers.
 *
 * @param deps - how to ask, and what to give up
 * @returns a breaker that lets everything through
 */
export function breaker({
  probe,
  cut,
  log,
  shown = () => undefined,
  patience = PATIENCE,
}: BreakerDeps): Breaker {
  const stopping = new AbortController();
  const waiting = new Set<{ readonly since: number }>();
  let heardAt = performance.now();
  let isAway = false;
  let timer: NodeJS.Timeout | undefined;

  const isThere = () =>
    probe(patience.answer).then(
      () => true,
      () => false,
    );
  const silentFor = () => {
    const [oldest] = waiting;
    return oldest === undefined ? 0 : performance.now() - Math.max(oldest.since, heardAt);
  };
  const watch = () => {
    if (timer !== undefined || waiting.size === 0 || isAway) return;
    timer = setTimeout(() => void look(), Math.max(patience.silence - silentFor(), 1)).unref();
  };
  const look = async (): Promise<void> => {
    if (silentFor() >= patience.silence) {
      // Twice: if it was this process that stood still, its timers are over before it has read the answer.
      if ((await isThere()) || (await isThere())) heardAt = performance.now();
      else if (!stopping.signal.aborted) return untilThere();
    }
    timer = undefined;
    watch();
  };
  const untilThere = async (): Promise<void> => {
    isAway = true;
    shown(true);
    const since = performance.now();
    log.error({
      event: "database.silent",
      message: "the database says nothing: it counts as away",
    });
    cut();
    while (!stopping.signal.aborted && !(await isThere()))
      await pause(patience.again, undefined, { ref: false });
    [isAway, timer, heardAt] = [false, undefined, performance.now()];
    shown(false);
    log.info({ event: "database.answers", seconds: Math.round((heardAt - since) / 1_000) });
  };
  return {
    run: async (work) => {
      if (isAway) throw unavailable(new Error("the database says nothing"));
      const entry = { since: performance.now() };
      waiting.add(entry);
      watch();
      try {
        const answer = await work();
        heardAt = performance.now();
        return answer;
      } catch (error) {
        if (isAnswer(error)) heardAt = performance.now();
        throw error;
      } finally {
        waiting.delete(entry);
      }
    },
    stop: () => {
      stopping.abort();
      clearTimeout(timer);
    },
  };
}

/** A machine that refuses a connection, or a server that refuses a statement, is there. */
function isAnswer(error: unknown): boolean {
  const cause = error instanceof Fault ? error.cause : error;
  if (cause instanceof pg.DatabaseError) return true;
  return cause instanceof Error && "code" in cause && cause.code === "ECONNREFUSED";
}
