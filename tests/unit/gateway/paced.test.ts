import { describe, expect, test } from "@jest/globals";
import { paceOf } from "#gateway/discovery/paced.js";

const NEVER = new AbortController().signal;

/** A clock that only waiting moves, and what was waited for in all. */
function clocked(): { now: () => number; go: (milliseconds: number) => void; at: () => number } {
  let at = 1_000_000;
  return { now: () => at, go: (milliseconds) => (at += milliseconds), at: () => at };
}

/** How many of so many requests may go at once, none of which waits for another. */
async function gone(pace: (signal: AbortSignal) => Promise<void>, many: number): Promise<number> {
  let free = 0;
  const ended = new AbortController();
  const all = Array.from({ length: many }, () => pace(ended.signal).then(() => (free += 1)));
  await new Promise((resolve) => setImmediate(resolve));
  ended.abort();
  await Promise.allSettled(all);
  return free;
}

describe("the pace of requests", () => {
  test("one may go at the beginning, and the next when its turn has come", async () => {
    const { now } = clocked();
    expect(await gone(paceOf(10, now), 5)).toBe(1);
  });

  test("turns that passed while other work was done are made up for", async () => {
    const { now, go } = clocked();
    const pace = paceOf(10, now);
    await pace(NEVER);
    go(500);
    expect(await gone(pace, 20)).toBe(5);
  });

  test("no more than sixteen are made up for, however long nobody asked", async () => {
    const { now, go } = clocked();
    const pace = paceOf(10, now);
    go(3_600_000);
    expect(await gone(pace, 40)).toBe(17);
  });

  test("who waits for a turn is let go when the work is ended", async () => {
    const { now } = clocked();
    const pace = paceOf(0.001, now);
    await pace(NEVER);
    const ended = new AbortController();
    const waiting = pace(ended.signal);
    ended.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow();
  });
});
