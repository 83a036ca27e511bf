import type { Outcome } from "#local/processes/run-program.js";

/**
 * @param steps - what is done one after the other, until one fails
 * @returns how the last one went that was done
 */
export async function inTurn(...steps: readonly (() => Promise<Outcome>)[]): Promise<Outcome> {
  let last: Outcome = { ok: true, stdout: "", output: "" };
  for (const step of steps) {
    last = await step();
    if (!last.ok) return last;
  }
  return last;
}
