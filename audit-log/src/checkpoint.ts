import { createHash } from "node:crypto";
import { z } from "zod";

/** The end of a chain at a moment. */
export interface ChainHead {
  readonly chain: number;
  /** Number of entries. */
  readonly position: number;
  /** Hash of the last entry, hexadecimal. */
  readonly hash: string;
}

/** What a checkpoint states. */
export interface Checkpoint {
  /** Counted from 1, without gaps. */
  readonly number: number;
  readonly at: string;
  readonly heads: readonly ChainHead[];
  /** sha256 of the token before, hexadecimal; empty for the first. */
  readonly previous: string;
}

/** `typ` of a checkpoint's token. */
export const CHECKPOINT_TYPE = "wharfinger-audit-checkpoint";

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const checkpointSchema = z.object({
  number: z.number().int().min(1),
  at: z.iso.datetime(),
  heads: z.array(
    z.object({ chain: z.number().int().min(0), position: z.number().int().min(0), hash }),
  ),
  previous: hash.or(z.literal("")),
});

/**
 * @param payload - payload of a checkpoint's token
 * @returns the checkpoint
 * @throws Error when it is none
 */
export function parseCheckpoint(payload: unknown): Checkpoint {
  const parsed = checkpointSchema.safeParse(payload);
  if (!parsed.success) throw new Error("signed, but not a checkpoint");
  return parsed.data;
}

/** @returns how many entries all chains together have */
export function entriesIn(heads: readonly ChainHead[]): number {
  return heads.reduce((sum, { position }) => sum + position, 0);
}

/** @returns what the next checkpoint names this token by */
export function tokenHash(token: string): string {
  return createHash("sha256").update(token, "utf8").digest("hex");
}
