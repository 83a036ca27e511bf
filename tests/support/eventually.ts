import { waitUntil } from "#local/processes/wait.js";

/**
 * @param what - said when it does not come true in time
 * @param condition - asked again and again; a rejection counts as "not yet"
 * @param withinMs - how long it may take; generous, since nothing is measured
 */
export async function eventually(
  what: string,
  condition: () => Promise<boolean> | boolean,
  withinMs = 60_000,
): Promise<void> {
  if (!(await waitUntil(condition, { withinMs, everyMs: 10 })))
    throw new Error(`not within ${withinMs} ms: ${what}`);
}
