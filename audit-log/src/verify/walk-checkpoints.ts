import type { X509Certificate } from "node:crypto";
import type { Queryable } from "#service-kit/db/pool.js";
import { tokenHash } from "../checkpoint.js";
import { checkpointsAfter, type CheckpointRow } from "../sql/checkpoints.js";
import type { ChainCursor } from "./chain-cursor.js";
import type { Finding } from "./finding.js";
import { verifyCheckpoint } from "./verify-checkpoint.js";

/** What a log line said of a checkpoint. */
export interface KeptCheckpoint {
  readonly number: number;
  readonly sha256: string;
}

/** Whom to believe of checkpoints. */
export interface CheckpointTrust {
  /** Certificates that signatures have to lead to. */
  readonly anchors: readonly X509Certificate[];
  /** Checkpoints that were noted elsewhere; each has to be in the log. */
  readonly kept: readonly KeptCheckpoint[];
}

/** What was found of checkpoints. */
export interface CheckpointWalk {
  readonly count: number;
  readonly last: CheckpointRow | null;
  readonly signers: readonly string[];
  /** The first checkpoint that is wrong. */
  readonly finding: Finding | null;
}

const BATCH = 100;

/**
 * Checks every checkpoint in order, and each chain up to where it says that the chain stood.
 *
 * @param tx - the audit log, as it stands at one moment
 * @param cursors - one for each chain
 * @param trust - whom to believe, and what was kept elsewhere
 * @param cut - number of the checkpoint behind which entries have left; chains are held against later ones alone; 0: none have
 * @returns what was found
 */
export async function walkCheckpoints(
  tx: Queryable,
  cursors: readonly ChainCursor[],
  trust: CheckpointTrust,
  cut = 0,
): Promise<CheckpointWalk> {
  const signers = new Set<string>();
  let kept = trust.kept;
  let last: CheckpointRow | null = null;
  let count = 0;
  let finding: Finding | null = null;
  for (;;) {
    const rows = await checkpointsAfter(tx, last?.number ?? 0, BATCH);
    for (const row of rows) {
      const checked = checkRow(row, last, trust);
      if (checked.problem !== null) finding ??= about((last?.number ?? 0) + 1, checked.problem);
      if (checked.signer !== null) signers.add(checked.signer);
      for (const head of row.number > cut ? checked.heads : [])
        await cursors[head.chain]?.advanceTo(head, `checkpoint ${row.number}`);
      kept = kept.filter((one) => one.number !== row.number || one.sha256 !== tokenHash(row.token));
      last = row;
      count += 1;
    }
    if (rows.length < BATCH) break;
  }
  const [lost] = kept;
  if (lost !== undefined)
    finding ??= about(lost.number, `not the one that was kept elsewhere: ${lost.sha256}`);
  return { count, last, signers: [...signers], finding };
}

function checkRow(row: CheckpointRow, before: CheckpointRow | null, { anchors }: CheckpointTrust) {
  try {
    const { checkpoint, signer } = verifyCheckpoint(row, before, anchors);
    return { heads: checkpoint.heads, signer, problem: null };
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return { heads: [], signer: null, problem };
  }
}

function about(number: number, problem: string): Finding {
  return { chain: null, position: number, problem, content: "" };
}
