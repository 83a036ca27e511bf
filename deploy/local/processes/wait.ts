import { setTimeout as delay } from "node:timers/promises";

/** How long to look for a condition, and who may end the waiting. */
export interface WaitOptions {
  withinMs: number;
  everyMs?: number;
  signal?: AbortSignal;
}

/**
 * @param condition - asked again and again; a rejection counts as "not yet"
 * @param options - bounds of the waiting
 * @returns whether the condition came true in time; `false` also when the signal ended the waiting
 */
export async function waitUntil(
  condition: () => Promise<boolean> | boolean,
  { withinMs, everyMs = 50, signal }: WaitOptions,
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (performance.now() < deadline && signal?.aborted !== true) {
    if (await holds(condition)) return true;
    await pause(everyMs, signal);
  }
  return false;
}

/**
 * @param ms - how long
 * @param signal - ends the pause early
 */
export async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}

/**
 * @param url - address to ask
 * @returns whether it answers 200 within two seconds
 */
export async function answersOk(url: string): Promise<boolean> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await answer.body?.cancel();
  return answer.status === 200;
}

async function holds(condition: () => Promise<boolean> | boolean): Promise<boolean> {
  try {
    return await condition();
  } catch {
    return false;
  }
}
