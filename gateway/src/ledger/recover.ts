import { SYSTEM } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import { lastingWarning } from "#service-kit/lasting-failure.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { endUndecided } from "./end-undecided.js";
import { recordFound } from "./record-manifest.js";
import {
  commitPush,
  describeClaim,
  leaveUnsettled,
  releaseUnanswered,
  type CommitDeps,
} from "./settle.js";
import { listExpired, takeOverExpired, type LostClaim } from "./sql/reserve-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";

/** What settling the pushes of lost gateways needs. */
export interface RecoverDeps extends CommitDeps {
  /**
   * @returns the digest that a tag has at the registry; `supposed` is one that it may have
   * @throws Unreadable when the registry cannot read it, anything else when that cannot be told
   */
  readonly upstreamDigest: (key: TagKey, supposed?: Digest) => Promise<Digest | null>;
  readonly newReservation: () => string;
}

const LEASE_SECONDS = 60;
const LOOK_MILLISECONDS = 5_000;
const BATCH = 50;

/**
 * Settles what a gateway was writing that has not been heard of. What the registry has now decides whether a push is
 * committed; after a deletion or a repair the tag is what it was: nobody was told that it was deleted.
 *
 * @param deps - ledger and registry
 * @param key - the tag
 * @throws whatever keeps it from being settled; another attempt follows a few seconds later, until it is ended undecided
 */
export async function recoverTag(deps: RecoverDeps, key: TagKey): Promise<void> {
  const claim = await takeOverExpired(deps.db, key, {
    reservation: deps.newReservation(),
    leaseSeconds: LEASE_SECONDS,
  });
  if (claim === null) return;
  deps.counts.step("taken-over");
  deps.log.warn({ event: "push.taken-over", kind: claim.kind, ...describeClaim(claim) });
  try {
    await settleLost(deps, claim);
  } catch (error) {
    if (claim.openSeconds < deps.waiting.bounds.undecidedSeconds) {
      await leaveUnsettled(deps, claim);
      throw error;
    }
    const why = error instanceof Error ? error.message : "unknown";
    await endUndecided(deps, claim, SYSTEM, `what came of it cannot be told: ${why}`);
  }
}

async function settleLost(deps: RecoverDeps, claim: LostClaim): Promise<void> {
  if (claim.kind !== "push")
    return releaseUnanswered(deps, claim, `a ${claim.kind} whose gateway was lost`);
  const current = await unlessUnreadable(deps.upstreamDigest(claim, claim.digest));
  if (current !== claim.digest) {
    await recordFound(deps, claim);
    return releaseUnanswered(deps, claim, "the registry does not have it");
  }
  const manifest = await unlessUnreadable(deps.upstreamManifest(claim, claim.digest));
  if (manifest === null) return releaseUnanswered(deps, claim, "the registry lost the manifest");
  await commitPush(deps, claim, manifest, "settled for a gateway that was lost");
}

/**
 * @param deps - ledger and registry
 * @returns a component that looks for pushes of lost gateways every few seconds; replicas may do so side by
 *   side, since taking over decides who settles which
 */
export function recovery(deps: RecoverDeps): Component {
  const warn = (error: unknown) => {
    deps.log.warn({ event: "recovery.failed", err: error });
  };
  const looking = lastingWarning(deps.log, "recovery.failed");
  return repeating("recovery", LOOK_MILLISECONDS, async (stopping) => {
    try {
      // One that cannot be settled keeps none of the others waiting.
      const expired = await listExpired(deps.db, BATCH);
      looking.worked();
      for (const key of expired) if (!stopping.aborted) await recoverTag(deps, key).catch(warn);
    } catch (error) {
      looking.failed(error);
    }
    return LOOK_MILLISECONDS;
  });
}
