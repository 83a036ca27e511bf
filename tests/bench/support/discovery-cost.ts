import { collectGarbage } from "#tests/support/collect-garbage.js";
import type { PassSummary } from "#gateway/discovery/tally.js";
import type { Discover } from "#tests/integration/discovery/support/discoverer.js";

/** What a pass of discovery costs. */
export interface PassCost {
  /** Milliseconds for each thousand tags that the registry lists. */
  readonly listing: number;
  /** Milliseconds for each thousand tags of the slice whose digest is asked for. */
  readonly comparing: number;
  /** Seconds of the whole pass. */
  readonly whole: number;
  /** MiB that the process held more than before at any time of a pass. */
  readonly heap: number;
}

/**
 * @param discover - makes passes
 * @param options - how many tags are compared, and how many looks at the heap there are in a pass about
 * @returns what a pass costs where nothing is new and nothing wrong
 */
export async function passCost(
  discover: Discover,
  { slice, repositories }: { readonly slice: number; readonly repositories: number },
): Promise<PassCost> {
  const begin = performance.now();
  let listed = begin;
  const timed = await pass(discover, slice, ({ compared }) => {
    if (compared === 0) listed = performance.now();
  });
  const end = performance.now();
  return {
    listing: ((listed - begin) * 1_000) / timed.tags,
    comparing: ((end - listed) * 1_000) / timed.compared,
    whole: (end - begin) / 1_000,
    heap: await heapOf(discover, slice, Math.ceil(repositories / LOOKS)),
  };
}

const LOOKS = 50;

async function heapOf(discover: Discover, slice: number, every: number): Promise<number> {
  const before = liveHeap();
  let [most, told] = [before, 0];
  await pass(discover, slice, () => {
    if ((told += 1) % every === 0) most = Math.max(most, liveHeap());
  });
  return most - before;
}

async function pass(
  discover: Discover,
  slice: number,
  progress: (summary: PassSummary) => void,
): Promise<PassSummary> {
  const summary = await discover({ slice, perSecond: 1_000_000, progress });
  const { errors = 1, adopted = 0, absent = 0, problems = [] } = summary ?? {};
  if (summary === null || errors + adopted + absent > 0)
    throw new Error(`registry and ledger should be the same: ${problems.join()}`);
  return summary;
}

/** @returns MiB that are still in use after everything that can go has gone */
function liveHeap(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
}
