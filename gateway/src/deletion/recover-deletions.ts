import { SYSTEM } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Database, Transaction } from "#service-kit/db/pool.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { lookingAgain } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import type { Bounds } from "../ledger/bounds.js";
import {
  listLostDeletions,
  settleDeletion,
  type LostDeletion,
} from "../ledger/sql/lost-deletions.js";
import { isWanted } from "../ledger/sql/late-deletions.js";
import { lockForDeletion, readNeedingTags } from "../ledger/sql/manifest-needs.js";
import {
  buryTogether,
  readReservedTogether,
  releaseTogether,
} from "../ledger/sql/tags-of-manifest.js";
import type { LearnDeps } from "./learn-manifests.js";

/** What settling the deletions of lost gateways needs. */
export interface RecoverDeletionsDeps extends Pick<LearnDeps, "upstreamManifest"> {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly bounds: Pick<Bounds, "undecidedSeconds">;
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
  return lookingAgain("deletion recovery", LOOK_MILLISECONDS, failing, (stopping) =>
    recoverDeletions(deps, stopping),
  );
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
      if (lost.openSeconds < deps.bounds.undecidedSeconds) throw error;
      return error instanceof Error ? error : new Error("unknown");
    },
  );
  const { isNew, tags } = await deps.db.transaction((tx) => settle(deps, tx, lost, stands));
  // It may still be carried out: `gateway/src/unanswered/look-at-deletions.ts` looks for that.
  const event = isNew ? "manifest.deleted" : "manifest.deletion-unanswered";
  const known = { repository, digest, tags, actor: actor.uid, reason: REASON };
  deps.log.warn({ event, ...known });
}

type Settled = { readonly isNew: boolean; readonly tags: readonly Tag[] };

/** The tags that were reserved for it share the manifest's fate; of an error nobody can tell what that is. */
async function settle(
  { audit }: RecoverDeletionsDeps,
  tx: Transaction,
  lost: LostDeletion,
  stands: boolean | Error,
): Promise<Settled> {
  const { repository, digest } = lost;
  const actor = lost.actor ?? SYSTEM;
  await lockForDeletion(tx, repository);
  const isGone = stands === false && !(await isNeededAgain(tx, lost));
  const { wasNoted, isNew } = await settleDeletion(tx, lost, isGone ? actor.uid : null);
  const which = { repository, digest, expired: !wasNoted };
  const what = { actor, repository, digest, reason: REASON };
  if (!isGone) {
    const tags = await releaseTogether(tx, which);
    if (stands instanceof Error && (wasNoted || tags.length > 0))
      await audit(tx, {
        ...{ ...what, actor: SYSTEM, action: "write.ended", tag: null },
        reason: `what came of it cannot be told: ${stands.message}`,
        detail: { kind: "manifest-removal", begunBy: actor.uid, requestId: actor.requestId, tags },
      });
    return { isNew, tags };
  }
  const tags = await buryTogether(tx, which, actor.uid);
  const entry = { ...what, detail: { registry: "absent" } };
  for (const tag of tags) await audit(tx, { ...entry, action: "tag.deleted", tag });
  if (isNew) await audit(tx, { ...entry, action: "manifest.deleted", tag: null });
  return { isNew, tags };
}

/** Somebody has pushed it, or what needs it, since the registry was told. */
async function isNeededAgain(tx: Transaction, lost: LostDeletion): Promise<boolean> {
  if (await isWanted(tx, lost)) return true;
  const together = await readReservedTogether(tx, lost);
  const needing = await readNeedingTags(tx, lost.repository, lost.digest, together.length + 1);
  return needing.some((tag) => !together.includes(tag));
}

function warn({ log }: RecoverDeletionsDeps, error: unknown): void {
  log.warn({ event: "deletion-recovery.failed", err: error });
}
