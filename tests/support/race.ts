import { setTimeout as pause } from "node:timers/promises";

/**
 * Races are run at many distances, so that each order of what happens comes up. Nothing may be waited for with these: what a test
 * needs to be so, it waits for.
 *
 * @param lead - milliseconds that the first one starts ahead of the second one, negative: behind it; endless: when the other
 *   one has ended
 * @param first - one
 * @param second - the other
 * @returns what both return
 */
export async function startApart<A, B>(
  lead: number,
  first: () => Promise<A>,
  second: () => Promise<B>,
): Promise<[A, B]> {
  if (lead === Infinity) return [await first(), await second()];
  if (lead === -Infinity) {
    const ended = await second();
    return [await first(), ended];
  }
  return Promise.all([
    pause(Math.max(0, -lead)).then(first),
    pause(Math.max(0, lead)).then(second),
  ]);
}

/**
 * @param milliseconds - between two of the many things that a test does to get in the way of others, or as long as something in the
 *   place of a service takes
 */
export async function pace(milliseconds: number): Promise<void> {
  await pause(milliseconds);
}
