import { setTimeout as pause } from "node:timers/promises";
import { Fault } from "#registry-protocol/faults.js";

/**
 * What the registry made of a deletion: `deleted`, `absent`, or `unsupported` when it cannot delete such a
 * thing (2.8 no tags).
 */
export type RemovalAnswer = "deleted" | "absent" | "unsupported";

/**
 * @param asked - a deletion that the registry is asked for
 * @returns what it made of it
 * @throws Fault UNAVAILABLE when nobody knows
 */
export async function removedBy(
  asked: Promise<{ readonly status: number }>,
): Promise<RemovalAnswer> {
  const { status } = await asked.catch((cause: unknown) => {
    throw new Fault("UNAVAILABLE", { message: "the registry did not answer; try again", cause });
  });
  if (status < 300) return "deleted";
  if (status === 404) return "absent";
  // 2.8 says 400 or 405 for a tag, by its release, and 405 for everything when its deletion is off.
  if (status === 400 || status === 405) return "unsupported";
  throw new Fault("UNAVAILABLE", { message: `the registry answered ${status}; try again` });
}

const ATTEMPTS = 5;
const PAUSE_MILLISECONDS = 50;

/**
 * 2.8 says 400 of a manifest whose link it finds empty, as it is while a push beside the deletion writes it anew.
 *
 * @param ask - asks the registry for the deletion of a manifest by its digest
 * @returns what it made of it, asked again while it says 400
 * @throws Fault UNAVAILABLE when nobody knows
 */
export async function manifestRemovedBy(
  ask: () => Promise<{ readonly status: number }>,
): Promise<RemovalAnswer> {
  for (let attempt = 1; attempt < ATTEMPTS; attempt += 1) {
    const asked = ask();
    const isUnreadable = await asked.then(
      ({ status }) => status === 400,
      () => false,
    );
    if (!isUnreadable) return removedBy(asked);
    await pause(PAUSE_MILLISECONDS * attempt);
  }
  return removedBy(ask());
}
