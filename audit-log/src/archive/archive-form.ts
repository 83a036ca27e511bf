import { z } from "zod";
import { CHAINS } from "../chain.js";
import type { CheckpointRow } from "../sql/checkpoints.js";

/** Says what a file is. */
export const ARCHIVE = "wharfinger audit archive";

const checkpointSchema = z.object({
  number: z.number().int().min(1),
  at: z.iso.datetime().transform((text) => new Date(text)),
  entries: z.number().int().min(0),
  token: z.string(),
});

/** First line of an archive: which entries it has are those behind one checkpoint, up to another. */
export const headSchema = z.object({
  archive: z.literal(ARCHIVE),
  form: z.literal(1),
  month: z.string(),
  /** `null`: from the beginning of all chains. */
  from: checkpointSchema.nullable(),
  to: checkpointSchema,
});

/** First line of an archive. */
export type ArchiveHead = z.output<typeof headSchema>;

/** A line of an archive between its first and its last: an entry, as the chain's hash is of it. */
export const entrySchema = z.object({
  chain: z
    .number()
    .int()
    .min(0)
    .max(CHAINS - 1),
  position: z.number().int().min(1),
  content: z.string(),
});

/** Last line of an archive: one without it was cut off. */
export const endSchema = z.strictObject({ entries: z.number().int().min(0) });

/**
 * @param row - a checkpoint
 * @returns it as an archive has it
 */
export function archived({ number, at, entries, token }: CheckpointRow): object {
  return { number, at: at.toISOString(), entries, token };
}

/** A month, in UTC. */
export interface Month {
  /** `2026-10`. */
  readonly name: string;
  readonly from: Date;
  readonly to: Date;
}

/**
 * @param text - `2026-10`
 * @returns that month; `null` for what is none
 */
export function monthIn(text: string): Month | null {
  const [, year, month] = /^(\d{4})-(0[1-9]|1[0-2])$/.exec(text) ?? [];
  if (year === undefined || month === undefined) return null;
  const first = (of: number) => new Date(Date.UTC(Number(year), of));
  return { name: text, from: first(Number(month) - 1), to: first(Number(month)) };
}
