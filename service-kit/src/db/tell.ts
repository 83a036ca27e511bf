import { setTimeout as pause } from "node:timers/promises";
import { lastingWarning } from "../lasting-failure.js";
import type { Logger } from "../log.js";

/** Tells everybody who listens to the database, this process first. */
export interface Telling {
  /**
   * @param channel - a plain lower-case name
   * @param payload - under 8,000 bytes
   */
  tell(channel: string, payload: string): void;
}

/** Tells together what is told within a short time. */
export interface Teller extends Telling {
  /** @returns when what was told before is on its way, or cannot be sent */
  close(): Promise<void>;
}

const COLLECTED_MILLISECONDS = 10;
const AGAIN_MILLISECONDS = 1_000;
/** Listeners look for themselves sooner or later; what is more than this is lost. */
const MOST_WAITING = 10_000;

/**
 * NOTIFY within a transaction makes the commits of all who notify stand in one line, each for a flush of its own:
 * Postgres holds one lock for the whole server until the commit is on disk. So it is told in a statement of its own, once
 * what it is about has been committed.
 *
 * @param send - tells these payloads on these channels, one for one
 * @param deps - who hears of it in this process, and where it is logged that telling fails
 * @returns the teller
 */
export function teller(
  send: (channels: readonly string[], payloads: readonly string[]) => Promise<unknown>,
  deps: {
    readonly log: Pick<Logger, "warn">;
    readonly heard?: (channel: string, payload: string) => void;
  },
): Teller {
  const waiting = new Map<string, readonly [channel: string, payload: string]>();
  const closing = new AbortController();
  let running: Promise<void> | null = null;
  const failing = lastingWarning(deps.log, "database.not-told");
  let isFailing = false;

  const keep = (channel: string, payload: string): void => {
    if (waiting.size < MOST_WAITING) waiting.set(`${channel} ${payload}`, [channel, payload]);
  };
  const sendAll = async (): Promise<void> => {
    const told = [...waiting.values()];
    waiting.clear();
    try {
      await send(
        told.map(([channel]) => channel),
        told.map(([, payload]) => payload),
      );
      isFailing = false;
      failing.worked();
    } catch (error) {
      failing.failed(error, { count: told.length });
      isFailing = true;
      for (const [channel, payload] of told) keep(channel, payload);
    }
  };
  const run = async (): Promise<void> => {
    while (waiting.size > 0 && !closing.signal.aborted) {
      const patience = isFailing ? AGAIN_MILLISECONDS : COLLECTED_MILLISECONDS;
      // Keeps no process alive; closing cuts the wait short.
      const options = { ref: false, signal: closing.signal };
      await pause(patience, undefined, options).catch(() => undefined);
      await sendAll();
    }
  };
  return {
    tell: (channel, payload) => {
      deps.heard?.(channel, payload);
      keep(channel, payload);
      running ??= run().finally(() => {
        running = null;
      });
    },
    close: async () => {
      closing.abort();
      await running;
    },
  };
}
