import { createHash } from "node:crypto";
import type { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";

const CHECK_CHARACTERS = 12;

/**
 * @param list - what the list is of: its operation, and all that narrows it down
 * @param position - where a page of it ended
 * @returns that, as clients get it: opaque, and good for this list alone
 */
export function writeCursor(list: string, position: unknown): string {
  const text = Buffer.from(JSON.stringify(position ?? null)).toString("base64url");
  return checkOf(list, text) + text;
}

/**
 * No secret is in the check: whoever makes a cursor up gets what they could ask for anyway. It keeps what was cut, or comes from
 * another list, from being taken for a place in this one.
 *
 * @param list - as for {@link writeCursor}
 * @param given - a cursor as a client gives it back
 * @param schema - what a position is
 * @returns the position
 * @throws Fault REQUEST_INVALID for what is none of this list's
 */
export function readCursor<T>(list: string, given: string, schema: z.ZodType<T>): T {
  const text = given.slice(CHECK_CHARACTERS);
  if (given.slice(0, CHECK_CHARACTERS) === checkOf(list, text))
    try {
      const position = schema.safeParse(
        JSON.parse(Buffer.from(text, "base64url").toString("utf8")),
      );
      if (position.success) return position.data;
    } catch {
      // Said below, as of any other text that is no cursor.
    }
  throw new Fault("REQUEST_INVALID", {
    message: "cursor: wanted what an answer said under next, with the same parameters beside it",
  });
}

function checkOf(list: string, text: string): string {
  const hash = createHash("sha256").update(JSON.stringify([list, text]));
  return hash.digest("base64url").slice(0, CHECK_CHARACTERS);
}
