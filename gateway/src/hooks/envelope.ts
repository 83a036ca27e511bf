import { z } from "zod";

/** An event of the registry, as much of it as is needed; unknown fields are kept. */
const eventSchema = z.looseObject({ id: z.string(), action: z.string() });

const envelopeSchema = z.looseObject({ events: z.array(eventSchema) });

/** Notifications of the registry (distribution, "Work with notifications"). */
export type Envelope = z.infer<typeof envelopeSchema>;

const KNOWN_ACTIONS = ["push", "pull", "mount", "delete"] as const;

/** Action of an event, bounded so that it can label a metric. */
export type EventAction = (typeof KNOWN_ACTIONS)[number] | "other";

/**
 * @param body - body of a notification
 * @returns the envelope, or `null` when it cannot be understood
 */
export function parseEnvelope(body: Buffer): Envelope | null {
  try {
    const envelope = envelopeSchema.safeParse(JSON.parse(body.toString("utf8")));
    return envelope.success ? envelope.data : null;
  } catch {
    return null;
  }
}

/**
 * @param action - action of an event
 * @returns it when known, else `other`
 */
export function eventAction(action: string): EventAction {
  return KNOWN_ACTIONS.find((known) => known === action) ?? "other";
}
