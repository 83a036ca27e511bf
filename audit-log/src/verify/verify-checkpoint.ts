import type { X509Certificate } from "node:crypto";
import { verifyStatement } from "#service-kit/signing/statement.js";
import {
  CHECKPOINT_TYPE,
  entriesIn,
  parseCheckpoint,
  tokenHash,
  type Checkpoint,
} from "../checkpoint.js";
import type { CheckpointRow } from "../sql/checkpoints.js";

/** A checkpoint that was found genuine, and who signed it. */
export interface GenuineCheckpoint {
  readonly checkpoint: Checkpoint;
  readonly signer: string;
}

/**
 * @param row - a checkpoint as it is stored
 * @param before - the one before it; `null` for the first
 * @param anchors - certificates that are trusted
 * @returns what it states
 * @throws Error that says what is wrong with it
 */
export function verifyCheckpoint(
  row: CheckpointRow,
  before: CheckpointRow | null,
  anchors: readonly X509Certificate[],
): GenuineCheckpoint {
  const wanted = (before?.number ?? 0) + 1;
  if (row.number !== wanted) throw new Error(`missing; the next one is ${row.number}`);
  const genuine = readCheckpoint(row, anchors);
  if (genuine.checkpoint.previous !== (before === null ? "" : tokenHash(before.token)))
    throw new Error("does not continue the checkpoint before");
  return genuine;
}

/**
 * @param row - a checkpoint as it is stored, or archived
 * @param anchors - certificates that are trusted
 * @returns what it states, whatever comes before it
 * @throws Error that says what is wrong with it
 */
export function readCheckpoint(
  row: CheckpointRow,
  anchors: readonly X509Certificate[],
): GenuineCheckpoint {
  const { payload, signer, keyId } = verifyStatement(row.token, CHECKPOINT_TYPE, {
    anchors,
    at: row.at,
  });
  const checkpoint = parseCheckpoint(payload);
  if (checkpoint.number !== row.number) throw new Error(`signed as number ${checkpoint.number}`);
  if (checkpoint.at !== row.at.toISOString()) throw new Error("not signed at the time it is filed");
  if (entriesIn(checkpoint.heads) !== row.entries)
    throw new Error("filed with another number of entries than it states");
  return { checkpoint, signer: `${signer}, key ${keyId}` };
}
