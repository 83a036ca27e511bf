import { z } from "zod";
import { StoppedError } from "../errors.js";
import { askPart, pause } from "../processes/wait.js";

/** What the gateway says at `/ready`. */
const readinessSchema = z.object({ reasons: z.record(z.string(), z.string()) });

const EVERY_MILLISECONDS = 500;
/** A gateway that has just come up may not have looked yet. */
const DOUBTED_MILLISECONDS = 2_000;

/**
 * @param gateway - its URL
 * @returns why it takes no push, where that is the registry's storage and nothing else; `null`: it is ready
 * @throws Error when it does not answer, or something else is wrong
 */
async function storageDoubt(gateway: string): Promise<string | null> {
  const { status, text } = await askPart(`${gateway}/ready`);
  if (status === 200) return null;
  const { storage, ...others } = readinessSchema.parse(JSON.parse(text)).reasons;
  if (storage === undefined || Object.keys(others).length > 0)
    throw new Error("the gateway is not ready");
  return storage;
}

/**
 * @param gateway - its URL
 * @returns tells whether the gateway is up: with another storage than its own it is, and the only one who says so
 */
export function isUpOrDoubts(gateway: string): () => Promise<boolean> {
  let since: number | null = null;
  return async () => {
    if ((await storageDoubt(gateway)) === null) return true;
    since ??= performance.now();
    return performance.now() - since >= DOUBTED_MILLISECONDS;
  };
}

/**
 * Waits as long as it takes: only a person can say which storage is the right one, and needs the database for that.
 *
 * @param gateway - its URL
 * @param say - told why it is waited, and what to do
 * @param stopping - ends the waiting
 * @throws StoppedError when it was ended
 */
export async function untilStorageIsRight(
  gateway: string,
  say: (line: string) => void,
  stopping: AbortSignal,
): Promise<void> {
  let isTold = false;
  while (!stopping.aborted) {
    // What it does not answer is the supervisor's affair, who starts it again.
    const doubt = await storageDoubt(gateway).catch(() => "the gateway is not ready");
    if (doubt === null) return;
    if (!isTold) for (const line of advice(doubt)) say(line);
    isTold = true;
    await pause(EVERY_MILLISECONDS, stopping);
  }
  throw new StoppedError();
}

function advice(doubt: string): readonly string[] {
  return [
    `NOTHING CAN BE PUSHED: ${doubt}`,
    "npm run storage -- show says more, npm run storage -- accept --reason TEXT that it is the right one (docs/storage.md)",
  ];
}
