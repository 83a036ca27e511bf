import { SYSTEM } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { lookingAgain } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { Bounds } from "../ledger/bounds.js";
import { buryManifest } from "../ledger/sql/delete-manifest.js";
import {
  countOverdueDeletions,
  forgetLateDeletion,
  isWanted,
  listLateDeletions,
  type LateDeletion,
} from "../ledger/sql/late-deletions.js";
import { lockForDeletion, readNeedingTags } from "../ledger/sql/manifest-needs.js";
import { readTagsMeaning } from "../ledger/sql/tags-of-manifest.js";
import type { RegistryReads } from "../upstream/registry-reads.js";
import type { LookAtWritesDeps } from "./look-at-writes.js";

/** What looking needs. */
export interface LookAtDeletionsDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly bounds: Pick<Bounds, "lateSeconds">;
  readonly reads: Pick<RegistryReads, "hasManifest">;
  /** Writes a manifest to the registry again. @returns whether it is there. @throws when that cannot be told */
  readonly putBack: (
    repository: RepositoryName,
    digest: Digest,
    gone: AbortSignal,
  ) => Promise<boolean>;
  readonly repair: LookAtWritesDeps["repair"];
  readonly overdue: LookAtWritesDeps["overdue"];
}

const LOOK_MILLISECONDS = 5_000;
/** What can be late no more and still is not as it should be is looked at in one round of so many. */
const SLOWLY_ROUNDS = 60;
const BATCH = 200;
/** As many as are deleted with a manifest. */
const MOST_TAGS = 100;
const REASON = "the registry has carried out late a deletion that it had not answered";

/**
 * @param deps - ledger, audit log, registry
 * @returns a component that looks every few seconds at manifests that the registry was told to delete without having
 *   answered; replicas may do so side by side
 */
export function lateDeletions(deps: LookAtDeletionsDeps): Component {
  const failing = lastingWarning(deps.log, "late-deletions.failed");
  let rounds = 0;
  return lookingAgain("late deletions", LOOK_MILLISECONDS, failing, (stopping) => {
    rounds = (rounds + 1) % SLOWLY_ROUNDS;
    return lookAtDeletions(deps, stopping, rounds === 0);
  });
}

/**
 * Looks at each once. What has gone by now is put on record as deleted where nobody has pushed it since and no tag needs
 * it; else the registry gets it again, with its tags. That ends when the registry can carry it out no more.
 *
 * @param deps - ledger, audit log, registry
 * @param stopping - ends the work early
 * @param overdue - whether those are looked at as well that are not as they should be a minute after that
 * @throws when the ledger cannot be asked; one that cannot be looked at keeps none of the others waiting
 */
export async function lookAtDeletions(
  deps: LookAtDeletionsDeps,
  stopping: AbortSignal,
  overdue = true,
): Promise<void> {
  const { db, log, bounds } = deps;
  const { lateSeconds } = bounds;
  for (const late of await listLateDeletions(db, { lateSeconds, limit: BATCH, overdue }))
    if (!stopping.aborted)
      await lookAt(deps, late, stopping).catch((error: unknown) => {
        const { repository, digest, isOver } = late;
        const what = { repository, digest, err: error };
        log[isOver ? "error" : "warn"]({ event: "late-deletion.unclear", ...what });
      });
  await forgetLateDeletion(db, null, lateSeconds);
  deps.overdue(await countOverdueDeletions(db, lateSeconds));
}

async function lookAt(
  deps: LookAtDeletionsDeps,
  late: LateDeletion,
  stopping: AbortSignal,
): Promise<void> {
  const { repository, digest, isOver } = late;
  const stands = await deps.reads.hasManifest(repository, digest);
  if (!stands && (await isBuried(deps, late))) return;
  const isBack = stands || (await bringBack(deps, late, stopping));
  if (isOver && isBack) await forgetLateDeletion(deps.db, late, deps.bounds.lateSeconds);
}

/** Decided as a deletion is: commits of pushes come before it and are seen, or after it and see it. */
async function isBuried({ db, audit, log }: LookAtDeletionsDeps, late: LateDeletion) {
  const { repository, digest } = late;
  const actor = late.actor ?? SYSTEM;
  const buried = await db.transaction(async (tx) => {
    await lockForDeletion(tx, repository);
    if (late.actor === null || (await isWanted(tx, late))) return false;
    if ((await readNeedingTags(tx, repository, digest, 1)).length > 0) return false;
    if (!(await buryManifest(tx, { ...late, by: actor.uid, wasAtRegistry: false }))) return true;
    const entry = { actor, repository, tag: null, digest, reason: REASON } as const;
    await audit(tx, { ...entry, action: "manifest.deleted", detail: { registry: "absent" } });
    return true;
  });
  if (buried) log.warn({ event: "manifest.deleted", repository, digest, reason: REASON });
  return buried;
}

/** A registry that deletes a manifest takes its tags along. */
async function bringBack(
  deps: LookAtDeletionsDeps,
  { repository, digest, isOver }: LateDeletion,
  stopping: AbortSignal,
): Promise<boolean> {
  if (!(await deps.putBack(repository, digest, stopping))) {
    const event = "late-deletion.not-put-back";
    deps.log[isOver ? "error" : "warn"]({ event, repository, digest });
    return false;
  }
  for (const tag of await readTagsMeaning(deps.db, { repository, digest }, MOST_TAGS))
    await deps.repair({ repository, tag, digest }, REASON);
  return true;
}
