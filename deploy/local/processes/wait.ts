import { get } from "node:https";
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

/** What a part of the stack says. */
export interface Said {
  readonly status: number;
  readonly text: string;
}

/**
 * @param url - of a part of the stack, on this machine: who answers needs no certificate that anybody vouches for
 * @returns what it answers within two seconds
 */
export async function askPart(url: string): Promise<Said> {
  const signal = AbortSignal.timeout(2_000);
  if (url.startsWith("https:")) return askByTls(url, signal);
  const answer = await fetch(url, { signal });
  return { status: answer.status, text: await answer.text() };
}

/**
 * @param url - of a part of the stack
 * @returns whether it answers 200 within two seconds
 */
export async function answersOk(url: string): Promise<boolean> {
  return (await askPart(url)).status === 200;
}

function askByTls(url: string, signal: AbortSignal): Promise<Said> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { signal, agent: false, rejectUnauthorized: false }, (res) => {
      let text = "";
      res.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      res.once("error", reject).once("end", () => {
        resolve({ status: res.statusCode ?? 0, text });
      });
    });
    asked.once("error", reject);
  });
}

async function holds(condition: () => Promise<boolean> | boolean): Promise<boolean> {
  try {
    return await condition();
  } catch {
    return false;
  }
}
