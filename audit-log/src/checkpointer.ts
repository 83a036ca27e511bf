import type { Database } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { SigningKey } from "#service-kit/signing/signing-key.js";
import { signStatement } from "#service-kit/signing/statement.js";
import { CHECKPOINT_TYPE, entriesIn, tokenHash, type Checkpoint } from "./checkpoint.js";
import { readHeads } from "./sql/chain-heads.js";
import {
  insertCheckpoint,
  lastCheckpoint,
  tryCheckpointLock,
  type CheckpointRow,
} from "./sql/checkpoints.js";

/** When a checkpoint is due: whichever comes first. */
export interface CheckpointInterval {
  readonly entries: number;
  readonly seconds: number;
}

/** What making checkpoints needs. */
export interface CheckpointDeps {
  readonly db: Database;
  readonly log: Pick<Logger, "info" | "warn">;
  /** @returns the key to sign with now */
  readonly key: () => SigningKey;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly interval: CheckpointInterval;
}

const LOOK_MILLISECONDS = 1_000;
const LOOK_AFTER_FAILURE_MILLISECONDS = 10_000;

/**
 * @param deps - audit log, key, clock and how often
 * @returns a component that makes checkpoints when they are due; replicas may do so side by side, since the
 *   database lets one at a time
 */
export function checkpointer(deps: CheckpointDeps): Component {
  const failing = lastingWarning(deps.log, "audit.checkpoint-failed");
  return repeating("checkpoints", LOOK_MILLISECONDS, async () => {
    try {
      await makeDueCheckpoint(deps);
      failing.worked();
      return LOOK_MILLISECONDS;
    } catch (error) {
      failing.failed(error);
      return LOOK_AFTER_FAILURE_MILLISECONDS;
    }
  });
}

/**
 * Signs where all chains stand, when that is due.
 *
 * @param deps - audit log, key, clock and how often
 * @returns number of the new checkpoint; `null` when none is due or another replica makes it
 */
export async function makeDueCheckpoint(deps: CheckpointDeps): Promise<number | null> {
  if (!isDue(deps, await lastCheckpoint(deps.db), entriesIn(await readHeads(deps.db)))) return null;
  const made = await deps.db.transaction(async (tx) => {
    if (!(await tryCheckpointLock(tx))) return null;
    const last = await lastCheckpoint(tx);
    const heads = await readHeads(tx);
    if (!isDue(deps, last, entriesIn(heads))) return null;
    const row = signCheckpoint(deps, last, heads);
    await insertCheckpoint(tx, row);
    return row;
  });
  if (made === null) return null;
  const { number, entries, token } = made;
  // Logs are kept elsewhere: with this line a checkpoint that was removed later is missed.
  deps.log.info({ event: "audit.checkpoint", number, entries, sha256: tokenHash(token) });
  return number;
}

function isDue(deps: CheckpointDeps, last: CheckpointRow | null, entries: number): boolean {
  const { interval, now } = deps;
  const fresh = entries - (last?.entries ?? 0);
  if (fresh < 0)
    throw new Error("the audit log is shorter than its last checkpoint says: verify it");
  if (fresh === 0) return false;
  const age = last === null ? Infinity : (now() - last.at.getTime()) / 1000;
  return fresh >= interval.entries || age >= interval.seconds;
}

function signCheckpoint(
  { key, now }: CheckpointDeps,
  last: CheckpointRow | null,
  heads: Checkpoint["heads"],
): CheckpointRow {
  const at = new Date(now());
  const number = (last?.number ?? 0) + 1;
  const previous = last === null ? "" : tokenHash(last.token);
  const checkpoint: Checkpoint = { number, at: at.toISOString(), heads, previous };
  const token = signStatement(key(), CHECKPOINT_TYPE, checkpoint);
  return { number, at, entries: entriesIn(heads), token };
}
