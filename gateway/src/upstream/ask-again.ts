import { setTimeout as pause } from "node:timers/promises";

/** In the middle: each takes half as long to one and a half times that, so that who met at a link meets there no more. */
const PAUSES_MILLISECONDS = [50, 200] as const;

/** The last time that something is asked for: 0 is the first. */
export const LAST_TIME = PAUSES_MILLISECONDS.length;

/**
 * A registry that writes files in place (2.8 and 3.0, with files as storage) answers with a fault to who comes by at the
 * moment at which it rewrites a link or a manifest that it has: that passes by itself, and is no verdict.
 *
 * @param ask - asks for the first time (0) and again; nothing may come of asking twice that does not come of asking once
 * @param mayPass - whether an answer may be such a fault
 * @returns the first answer that is none, or the last one
 * @throws what either throws
 */
export async function askAgain<T>(
  ask: (time: number) => Promise<T>,
  mayPass: (answer: T) => boolean | Promise<boolean>,
): Promise<T> {
  let answer = await ask(0);
  for (const [i, milliseconds] of PAUSES_MILLISECONDS.entries()) {
    if (!(await mayPass(answer))) return answer;
    await pause(milliseconds * (0.5 + Math.random()));
    answer = await ask(i + 1);
  }
  return answer;
}
