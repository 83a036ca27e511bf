import { z } from "zod";
import { jsonOrNull } from "#service-kit/json-or-null.js";

const entrySchema = z.object({
  at: z.string(),
  action: z.string(),
  actor: z.object({
    ...{ uid: z.string(), realm: z.string(), kind: z.string(), address: z.string() },
  }),
  repository: z.string().nullable(),
  tag: z.string().nullable(),
  digest: z.string().nullable(),
  reason: z.string(),
  detail: z.record(z.string(), z.unknown()),
});

/** An entry of the audit log, as far as it says what was decided of whom. */
export type RecordedEntry = z.output<typeof entrySchema>;

/**
 * @param content - of an entry, as it is stored
 * @returns what it says; `null` for what the recorder has not written
 */
export function entryIn(content: string): RecordedEntry | null {
  return entrySchema.safeParse(jsonOrNull(content)).data ?? null;
}
