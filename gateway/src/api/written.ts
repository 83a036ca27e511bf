import { once } from "node:events";
import type { Writable } from "node:stream";

/** Whoever takes nothing for that long holds what is behind the answer for nobody. */
const MOST_IDLE_MILLISECONDS = 60_000;

/**
 * Writes a part of an answer, as fast as its client reads.
 *
 * @param res - an answer
 * @param text - what comes next of it
 * @param mostIdle - how long the client may take nothing, in milliseconds; then the connection is cut
 * @returns whether the client is still there
 */
export async function written(
  res: Writable,
  text: string,
  mostIdle = MOST_IDLE_MILLISECONDS,
): Promise<boolean> {
  if (res.destroyed) return false;
  if (res.write(text)) return true;
  const timer = setTimeout(() => res.destroy(), mostIdle);
  try {
    const waited = new AbortController();
    const { signal } = waited;
    await Promise.race([once(res, "drain", { signal }), once(res, "close", { signal })]).finally(
      () => {
        waited.abort();
      },
    );
  } finally {
    clearTimeout(timer);
  }
  return !res.destroyed;
}
