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
