import type { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";

/** Writes places so that whoever carries them cannot read them: they may be of what nobody told them. */
export interface CursorSealer {
  /** @returns the text, good for that purpose alone; the same for the same */
  seal(purpose: string, text: string): string;
  /** @returns what was sealed for that purpose; `null`: nothing was */
  open(purpose: string, sealed: string): string | null;
}

/**
 * @param sealer - what seals it
 * @param list - what the list is of: its operation, and all that narrows it down
 * @param position - where a page of it ended
 * @returns that, as clients get it: sealed, and good for this list alone
 */
export function writeCursor(sealer: CursorSealer, list: string, position: unknown): string {
  return sealer.seal(list, JSON.stringify(position ?? null));
}

/**
 * @param sealer - as for {@link writeCursor}
 * @param list - likewise
 * @param given - a cursor as a client gives it back
 * @param schema - what a position is
 * @returns the position
 * @throws Fault REQUEST_INVALID for what is none of this list's
 */
export function readCursor<T>(
  sealer: CursorSealer,
  list: string,
  given: string,
  schema: z.ZodType<T>,
): T {
  const text = sealer.open(list, given);
  if (text !== null) {
    const position = schema.safeParse(JSON.parse(text));
    if (position.success) return position.data;
  }
  throw new Fault("REQUEST_INVALID", {
    message:
      "cursor: wanted what an answer said under next, not long ago, with the same parameters beside it",
  });
}
