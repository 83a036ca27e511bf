import { SYSTEM } from "#audit-log/entry.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import type { Logger } from "#service-kit/log.js";
import { lookingAgain } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { recordManifest, type RecordFoundDeps } from "./record-manifest.js";
import {
  endManifestPush,
  listLostManifestPushes,
  lookAtPushAgain,
  type LostManifestPush,
} from "./sql/manifest-push.js";
import type { Waiting } from "./waiting.js";

/** What settling the pushes of lost gateways needs. */
export interface RecoverManifestsDeps extends RecordFoundDeps {
  readonly log: Logger;
  readonly waiting: Pick<Waiting, "bounds">;
}

const LOOK_MILLISECONDS = 5_000;
const LOOK_AGAIN_SECONDS = 5;
const BATCH = 50;
const SETTLED = { reason: "settled for a gateway that was lost", how: "found" } as const;

/**
 * @param deps - ledger, audit log, registry
 * @returns a component that looks for pushes by digest whose gateway was lost, or lost the database, every few
 *   seconds; replicas may do so side by side
 */
export function manifestRecovery(deps: RecoverManifestsDeps): Component {
  const failing = lastingWarning(deps.log, "manifest-recovery.failed");
  return lookingAgain("manifest recovery", LOOK_MILLISECONDS, failing, (stopping) =>
    recoverManifestPushes(deps, stopping),
  );
}

/**
 * Settles pushes by digest of which nobody has noted what came of them: what the registry has is put on record.
 *
 * @param deps - ledger, audit log, registry
 * @param stopping - ends the work early
 * @throws when the ledger cannot be asked; one that cannot be settled keeps none of the others waiting
 */
export async function recoverManifestPushes(
  deps: RecoverManifestsDeps,
  stopping: AbortSignal,
): Promise<void> {
  for (const lost of await listLostManifestPushes(deps.db, BATCH))
    if (!stopping.aborted)
      await settleLost(deps, lost).catch((error: unknown) => {
        warn(deps, error);
      });
}

async function settleLost(deps: RecoverManifestsDeps, lost: LostManifestPush): Promise<void> {
  // At first: one that cannot be settled is not tried all the time.
  await lookAtPushAgain(deps.db, lost, LOOK_AGAIN_SECONDS);
  const { lateSeconds, undecidedSeconds } = deps.waiting.bounds;
  const isLate = lost.openSeconds >= lateSeconds;
  const manifest = await unlessUnreadable(deps.upstreamManifest(lost, lost.digest)).catch(
    async (error: unknown) => {
      if (isLate && lost.openSeconds >= undecidedSeconds) await endUndecided(deps, lost, error);
      throw error;
    },
  );
  // The registry may still store it.
  if (manifest === null && !isLate) return;
  await deps.db.transaction(async (tx) => {
    if (!(await endManifestPush(tx, lost)) || manifest === null) return;
    await recordManifest(tx, deps, lost, manifest, SETTLED);
  }, lost.repository);
  const { repository, digest } = lost;
  const outcome = manifest === null ? "not stored" : "on record";
  deps.log.warn({ event: "manifest-push.settled", repository, digest, outcome });
}

/** Nobody was acknowledged; should it be there all the same, a push of what needs it puts it on record. */
async function endUndecided(
  { db, audit, log }: RecoverManifestsDeps,
  lost: LostManifestPush,
  error: unknown,
): Promise<void> {
  const { repository, digest } = lost;
  const why = error instanceof Error ? error.message : "unknown";
  const reason = `what came of it cannot be told: ${why}`;
  const detail = {
    kind: "manifest-push",
    begunBy: lost.actor.uid,
    requestId: lost.actor.requestId,
  };
  await db.transaction(async (tx) => {
    if (!(await endManifestPush(tx, lost))) return;
    const what = { action: "write.ended", repository, tag: null, digest } as const;
    await audit(tx, { ...what, actor: SYSTEM, reason, detail });
  }, repository);
  log.error({ event: "write.ended", kind: "manifest-push", repository, digest, reason });
}

function warn({ log }: RecoverManifestsDeps, error: unknown): void {
  log.warn({ event: "manifest-recovery.failed", err: error });
}
