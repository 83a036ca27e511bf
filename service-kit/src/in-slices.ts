import { setImmediate as nextTurn } from "node:timers/promises";
import type { Work } from "#registry-protocol/json/read-json.js";

/** Work on nearly everything is done within this time and waits for nothing. */
const AT_ONCE_MILLISECONDS = 1;
/** What other work takes of each turn of the event loop. */
const SLICE_MILLISECONDS = 5;

/** Ends when the work does that was handed in last. */
let queue: Promise<unknown> = Promise.resolve();

/**
 * Carries out work without keeping the event loop busy. What turns out to take long is done one after the other, a slice in
 * each turn of the loop: however many callers there are, others get most of the time, and the memory that
 * half-done work needs is needed once.
 *
 * @param work - work in steps of at most a few milliseconds
 * @returns what comes of it
 * @throws what it throws
 */
export async function inSlices<T>(work: Work<T>): Promise<T> {
  const begun = sliceOf(work, AT_ONCE_MILLISECONDS);
  if (begun.done === true) return begun.value;
  const turn = queue.then(() => finish(work));
  queue = turn.catch(() => undefined);
  return turn;
}

async function finish<T>(work: Work<T>): Promise<T> {
  for (;;) {
    await nextTurn();
    const slice = sliceOf(work, SLICE_MILLISECONDS);
    if (slice.done === true) return slice.value;
  }
}

function sliceOf<T>(work: Work<T>, milliseconds: number): IteratorResult<undefined, T> {
  const end = performance.now() + milliseconds;
  for (;;) {
    const step = work.next();
    if (step.done === true || performance.now() >= end) return step;
  }
}
