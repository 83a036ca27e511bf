import { z } from "zod";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
const NUMBER = /^\d{1,20}$/;
/** As Postgres writes snapshots: the first transaction that was under way, the next one to come, all that were under way. */
const SNAPSHOT = /^(\d{1,20}):(\d{1,20}):(?:\d{1,20}(?:,\d{1,20})*)?$/;

const headSchema = z.object({
  /** Which transactions had ended. */
  snapshot: z.string().regex(SNAPSHOT),
  /** When, by the database's clock, to the microsecond. */
  at: z.string().regex(INSTANT),
});

const eventPlaceSchema = z.object({
  transaction: z.string().regex(NUMBER),
  at: z.string().regex(INSTANT),
  id: z.uuid(),
});

/** Where somebody is who follows events. */
export const placeSchema = z.object({
  /** They were told of all that was committed then. */
  told: headSchema,
  /** On the way from there to what was committed later: the last event that they were told of. */
  towards: z.object({ head: headSchema, after: eventPlaceSchema }).nullable(),
});

/** What had been committed at one moment. */
export type Head = z.output<typeof headSchema>;
/** Where an event stands among those that come to light together. */
export type EventPlace = z.output<typeof eventPlaceSchema>;
/** {@link placeSchema} */
export type Place = z.output<typeof placeSchema>;

/**
 * @param head - a moment
 * @returns the place of whoever has been told of everything until then
 */
export function placeAt(head: Head): Place {
  return { told: head, towards: null };
}

/**
 * @param head - a moment
 * @param other - a moment that was looked at later
 * @returns whether the database has gone back in between, as one does that was restored or has lost its last commits
 */
export function wentBack(head: Head, other: Head): boolean {
  return nextOf(other) < nextOf(head);
}

function nextOf({ snapshot }: Head): bigint {
  return BigInt(SNAPSHOT.exec(snapshot)?.[2] ?? "0");
}
