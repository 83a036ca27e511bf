import { SYSTEM } from "#audit-log/entry.js";
import { BEFORE_TAG_ENTRIES, tagEntriesAfter } from "#audit-log/sql/tag-entries.js";
import { parseTagEntry } from "#audit-log/verify/tag-history.js";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { deleteManifest, type DeleteManifestDeps } from "../deletion/delete-manifest.js";
import type { RemovalAnswer } from "../deletion/removal-answer.js";
import type { InUseGuard } from "../in-use/guard.js";
import {
  forgetBytes,
  isPast,
  noteEarlier,
  notePastReferrers,
  readLongDeleted,
  readPast,
  type PastManifest,
} from "./sql/past-manifests.js";

/** What forgetting the past needs. */
export interface ForgetPastDeps {
  /** What deleting a manifest needs. */
  readonly deletion: DeleteManifestDeps;
  /** Days for which a manifest is kept that no tag means any more (`KEEP_PAST_MANIFESTS_DAYS`). */
  readonly keepDays: number;
  /** What keeps those that are used. */
  readonly inUse: InUseGuard;
  /** Deletes a manifest at the registry. @throws when nobody knows what came of it */
  readonly atRegistry: (manifest: PastManifest) => Promise<RemovalAnswer>;
  /** @returns whether anything may be written at the registry now */
  readonly mayWrite: () => Promise<boolean>;
}

const FIRST_MILLISECONDS = 60_000;
const HOUR_MILLISECONDS = 3_600_000;
const BATCH = 200;
const EARLIER_BATCH = 1_000;

/**
 * @param deps - ledger, audit log, registry, and for how long the past is kept
 * @returns a component that forgets what is past, each hour; replicas may do so side by side
 */
export function pastForgetting(deps: ForgetPastDeps): Component {
  const failing = lastingWarning(deps.deletion.log, "past-manifests.not-forgotten");
  let knowsEarlier = false;
  return repeating("past manifests", FIRST_MILLISECONDS, async (stopping) => {
    try {
      if (!knowsEarlier) await noteAllEarlier(deps.deletion.db, stopping);
      knowsEarlier = !stopping.aborted;
      await forgetPast(deps, stopping);
      failing.worked();
    } catch (error) {
      failing.failed(error);
    }
    return HOUR_MILLISECONDS;
  });
}

/**
 * Notes what tags have meant by the audit log, of the time before there were notes of it.
 *
 * @param db - ledger and audit log
 * @param stopping - ends the work early
 */
export async function noteAllEarlier(db: Queryable, stopping: AbortSignal): Promise<void> {
  for (let after = BEFORE_TAG_ENTRIES; !stopping.aborted;) {
    const rows = await tagEntriesAfter(db, after, EARLIER_BATCH);
    const meant = rows.flatMap(({ repository, content, isMoved }) => {
      const entry = parseTagEntry(content, isMoved);
      return entry === null ? [] : [{ repository, digest: entry.digest }];
    });
    await noteEarlier(db, meant);
    after = rows.at(-1) ?? after;
    if (rows.length < EARLIER_BATCH) return;
  }
}

/**
 * Deletes each manifest that is past, by the same decision as a `DELETE` of it, and forgets its bytes; and the bytes of what was
 * deleted otherwise as long ago. Each is on record.
 *
 * @param deps - ledger, audit log, registry
 * @param stopping - ends the work early
 * @throws Fault when the registry deletes nothing, or it could not be decided of one
 */
export async function forgetPast(deps: ForgetPastDeps, stopping: AbortSignal): Promise<void> {
  const undecided: Fault[] = [];
  // Referrers go first, then what they name; what is below an index after it.
  while ((await forgetAllFound(deps, stopping, undecided)) > 0);
  await forgetLongDeleted(deps, stopping);
  if (undecided[0] !== undefined) throw undecided[0];
}

/** @returns how many were forgotten of those that are past now */
async function forgetAllFound(
  deps: ForgetPastDeps,
  stopping: AbortSignal,
  undecided: Fault[],
): Promise<number> {
  const { keepDays } = deps;
  const { db } = deps.deletion;
  let forgotten = 0;
  await notePastReferrers(db, keepDays);
  for (let past = await readPast(db, keepDays, null, BATCH); past.length > 0;) {
    for (const manifest of past) {
      if (stopping.aborted || !(await deps.mayWrite())) return 0;
      try {
        if (await forgetOne(deps, manifest)) forgotten += 1;
      } catch (error) {
        // It keeps none of the others waiting.
        if (!(error instanceof Fault && isUnavailable(error))) throw error;
        undecided.push(error);
      }
    }
    past = await readPast(db, keepDays, past.at(-1) ?? null, BATCH);
  }
  return forgotten;
}

/** @returns whether it was forgotten */
async function forgetOne(deps: ForgetPastDeps, manifest: PastManifest): Promise<boolean> {
  const { keepDays } = deps;
  const reason = `no tag has meant it for ${keepDays} days`;
  const inUse: InUseGuard = {
    faultOf: async (tx, removal) =>
      (await isPast(tx, manifest, keepDays)) ? deps.inUse.faultOf(tx, removal) : meantAgain(),
  };
  const { repository, digest } = manifest;
  const removal = { repository, digest, actor: SYSTEM, seesUsers: true, reason };
  try {
    await deleteManifest(deps.deletion, removal, {
      inUse,
      atRegistry: () => deps.atRegistry(manifest),
    });
  } catch (error) {
    if (error instanceof Fault && KEPT.some((code) => code === error.code)) return false;
    throw error;
  }
  return forget(deps, manifest, reason);
}

const KEPT = ["MANIFEST_NEEDED", "MANIFEST_IN_USE", "MANIFEST_UNKNOWN"] as const;

/** Somebody has pushed, tagged or pulled it since it was found. */
function meantAgain(): Fault {
  return new Fault("MANIFEST_IN_USE", { message: "it is not past any more" });
}

async function forgetLongDeleted(deps: ForgetPastDeps, stopping: AbortSignal): Promise<void> {
  for (let isMore = true; isMore && !stopping.aborted;) {
    const deleted = await readLongDeleted(deps.deletion.db, deps.keepDays, BATCH);
    const reason = `it was deleted more than ${deps.keepDays} days ago`;
    isMore = false;
    for (const manifest of deleted) isMore = (await forget(deps, manifest, reason)) || isMore;
  }
}

async function forget(
  { deletion: { db, audit, log }, keepDays }: ForgetPastDeps,
  { repository, digest }: PastManifest,
  reason: string,
): Promise<boolean> {
  const bytes = await db.transaction(async (tx) => {
    const gone = await forgetBytes(tx, { repository, digest });
    const about = { action: "manifest.forgotten", actor: SYSTEM, repository, tag: null } as const;
    if (gone !== null)
      await audit(tx, { ...about, digest, reason, detail: { bytes: gone, keepDays } });
    return gone;
  });
  if (bytes === null) return false;
  log.info({ event: "manifest.forgotten", repository, digest, bytes, reason });
  return true;
}
