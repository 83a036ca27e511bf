import type { Database } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { SigningKey } from "#service-kit/signing/signing-key.js";
import { isCertifiedAt } from "#service-kit/signing/certificate-chain.js";
import { signStatement } from "#service-kit/signing/statement.js";
import { CHECKPOINT_TYPE, entriesIn, tokenHash, type Checkpoint } from "./checkpoint.js";
import { readHeads } from "./sql/chain-heads.js";
import {
  checkpointState,
  insertCheckpoint,
  tryCheckpointLock,
  type CheckpointRow,
  type CheckpointState,
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
  readonly interval: CheckpointInterval;
}

/** Whoever wants to cut the end of the log off has less time than this after the last entry. */
const QUIET_MILLISECONDS = 3_000;
const LOOK_MILLISECONDS = 1_000;
const LOOK_AFTER_FAILURE_MILLISECONDS = 10_000;

/**
 * @param deps - audit log, key, and how often
 * @returns a component that makes checkpoints when they are due; replicas may do so side by side, since the
 *   database lets one at a time
 */
export function checkpointer(deps: CheckpointDeps): Component {
  const failing = lastingWarning(deps.log, "audit.checkpoint-failed");
  const isQuiet = quietLog(() => performance.now());
  return repeating("checkpoints", LOOK_MILLISECONDS, async () => {
    try {
      await makeDueCheckpoint(deps, isQuiet);
      failing.worked();
      return LOOK_MILLISECONDS;
    } catch (error) {
      failing.failed(error);
      return LOOK_AFTER_FAILURE_MILLISECONDS;
    }
  });
}

/** Told how many entries there are, says whether none has come for a while. */
export type IsQuiet = (entries: number) => boolean;

/**
 * @param now - milliseconds of a clock that is never set
 * @returns tells by what it was told before
 */
export function quietLog(now: () => number): IsQuiet {
  let seen = { entries: -1, at: 0 };
  return (entries) => {
    if (entries !== seen.entries) seen = { entries, at: now() };
    return now() - seen.at >= QUIET_MILLISECONDS;
  };
}

/**
 * Signs where all chains stand, when that is due.
 *
 * @param deps - audit log, key, and how often
 * @param isQuiet - when it is due before its time
 * @returns number of the new checkpoint; `null` when none is due or another replica makes it
 */
export async function makeDueCheckpoint(
  deps: CheckpointDeps,
  isQuiet: IsQuiet = () => false,
): Promise<number | null> {
  const isDueNow = (state: CheckpointState, entries: number) =>
    isDue(deps, state, entries, isQuiet(entries));
  if (!isDueNow(await checkpointState(deps.db), entriesIn(await readHeads(deps.db)))) return null;
  const made = await deps.db.transaction(async (tx) => {
    if (!(await tryCheckpointLock(tx))) return null;
    const state = await checkpointState(tx);
    const heads = await readHeads(tx);
    if (!isDueNow(state, entriesIn(heads))) return null;
    const row = signCheckpoint(deps, state, heads);
    await insertCheckpoint(tx, row);
    return row;
  });
  if (made === null) return null;
  const { number, entries, token } = made;
  // Logs are kept elsewhere: with this line a checkpoint that was removed later is missed.
  deps.log.info({ event: "audit.checkpoint", number, entries, sha256: tokenHash(token) });
  return number;
}

function isDue(
  { interval }: CheckpointDeps,
  { last, now }: CheckpointState,
  entries: number,
  isQuiet: boolean,
): boolean {
  const fresh = entries - (last?.entries ?? 0);
  if (fresh < 0)
    throw new Error("the audit log is shorter than its last checkpoint says: verify it");
  if (fresh === 0) return false;
  if (last === null || isQuiet || fresh >= interval.entries) return true;
  const age = (now.getTime() - last.at.getTime()) / 1000;
  // One of the future was made while the clock was wrong: when it is due is not known, so it is.
  return age >= interval.seconds || age < 0;
}

function signCheckpoint(
  { key }: CheckpointDeps,
  { last, now }: CheckpointState,
  heads: Checkpoint["heads"],
): CheckpointRow {
  const number = (last?.number ?? 0) + 1;
  const previous = last === null ? "" : tokenHash(last.token);
  const checkpoint: Checkpoint = { number, at: now.toISOString(), heads, previous };
  const signing = key();
  if (!isCertifiedAt(signing, now))
    throw new Error(
      `by Postgres' clock it is ${checkpoint.at}, when the certificate of the signing key does not hold: nobody could verify a checkpoint of then`,
    );
  const token = signStatement(signing, CHECKPOINT_TYPE, checkpoint);
  return { number, at: now, entries: entriesIn(heads), token };
}
