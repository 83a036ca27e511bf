import { SYSTEM } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Database, Transaction } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import {
  listLostDeletions,
  settleDeletion,
  type LostDeletion,
} from "../ledger/sql/lost-deletions.js";
import { buryTogether, releaseTogether } from "../ledger/sql/tags-of-manifest.js";
import type { LearnDeps } from "./learn-manifests.js";

/** What settling the deletions of lost gateways needs. */
export interface RecoverDeletionsDeps extends Pick<LearnDeps, "upstreamManifest"> {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
}

const LOOK_MILLISECONDS = 5_000;
const BATCH = 50;
const REASON = "settled for a gateway that was lost";

/**
 * @param deps - ledger, audit log, registry
 * @returns a component that looks for deletions of manifests whose gateway was lost, or got no answer, every few
 *   seconds; replicas may do so side by side
 */
export function deletionRecovery(deps: RecoverDeletionsDeps): Component {
  const failing = lastingWarning(deps.log, "deletion-recovery.failed");
  return repeating("deletion recovery", LOOK_MILLISECONDS, async (stopping) => {
    await recoverDeletions(deps, stopping).then(failing.worked, failing.failed);
    return LOOK_MILLISECONDS;
  });
}

/**
 * Settles deletions of which nobody has noted what came of them: what the registry has now decides.
 *
 * @param deps - ledger, audit log, registry
 * @param stopping - ends the work early
 * @throws when the ledger cannot be asked; one that cannot be settled keeps none of the others waiting
 */
export async function recoverDeletions(
  deps: RecoverDeletionsDeps,
  stopping: AbortSignal,
): Promise<void> {
  for (const lost of await listLostDeletions(deps.db, BATCH))
    if (!stopping.aborted)
      await settleLost(deps, lost).catch((error: unknown) => {
        warn(deps, error);
      });
}

async function settleLost(deps: RecoverDeletionsDeps, lost: LostDeletion): Promise<void> {
  const { repository, digest } = lost;
  const actor = lost.actor ?? SYSTEM;
  const stands = await deps.upstreamManifest(lost, digest).then(
    (manifest) => manifest !== null,
    (error: unknown) => {
      if (error instanceof Unreadable) return true;
      throw error;
    },
  );
  const { isNew, tags } = await deps.db.transaction((tx) => settle(deps, tx, lost, stands));
  const event = isNew ? "manifest.deleted" : "manifest.deletion-dropped";
  const known = { repository, digest, tags, actor: actor.uid, reason: REASON };
  deps.log.warn({ event, ...known });
}

/** The tags that were reserved for it share the manifest's fate. */
async function settle(
  { audit }: RecoverDeletionsDeps,
  tx: Transaction,
  lost: LostDeletion,
  stands: boolean,
): Promise<{ readonly isNew: boolean; readonly tags: readonly Tag[] }> {
  const { repository, digest } = lost;
  const actor = lost.actor ?? SYSTEM;
  const { wasNoted, isNew } = await settleDeletion(tx, lost, stands ? null : actor.uid);
  const which = { repository, digest, expired: !wasNoted };
  if (stands) return { isNew, tags: await releaseTogether(tx, which) };
  const tags = await buryTogether(tx, which, actor.uid);
  const entry = { actor, repository, digest, reason: REASON, detail: { registry: "absent" } };
  for (const tag of tags) await audit(tx, { ...entry, action: "tag.deleted", tag });
  if (isNew) await audit(tx, { ...entry, action: "manifest.deleted", tag: null });
  return { isNew, tags };
}

function warn({ log }: RecoverDeletionsDeps, error: unknown): void {
  log.warn({ event: "deletion-recovery.failed", err: error });
}
