import { Fault } from "#registry-protocol/faults.js";

/** For whoever waits until the end, such as a test or a command. */
export const NEVER_GONE: AbortSignal = new AbortController().signal;

/** @throws Fault BODY_INCOMPLETE when the client has gone; nobody hears it */
export function refuseGone(gone: AbortSignal): void {
  if (gone.aborted)
    throw new Fault("BODY_INCOMPLETE", {
      message: "the client went away before the registry was asked",
    });
}

/**
 * @param work - something that is waited for
 * @param gone - aborted when the client has gone
 * @returns when the work has ended, or nobody waits for it any longer
 */
export async function unlessGone(work: Promise<void>, gone: AbortSignal): Promise<void> {
  let leave: () => void = () => undefined;
  const left = new Promise<void>((resolve) => {
    leave = resolve;
  });
  gone.addEventListener("abort", leave);
  if (gone.aborted) leave();
  try {
    await Promise.race([work, left]);
  } finally {
    gone.removeEventListener("abort", leave);
  }
}
