import { SYSTEM } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { AdoptDeps } from "../ledger/adopt.js";
import type { Bounds } from "../ledger/bounds.js";
import { givingBack } from "../ledger/giving-back.js";
import { reserveHeld } from "../ledger/sql/reserve-held-tag.js";
import type { TagClaim } from "../ledger/sql/reserve-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { releaseTag, tellSettled } from "../ledger/sql/settle-tag.js";
import { noteUnanswered } from "../ledger/sql/unanswered-writes.js";
import { readManifest } from "../ledger/sql/store-manifest.js";
import type { ManifestBytes } from "#registry-protocol/manifest/stored-manifest.js";
import { settleRepair } from "./sql/mark-tag.js";
import type { SeenTag } from "./seen-tag.js";

/** What repairing needs. */
export interface RepairDeps extends AdoptDeps {
  /** @returns the digest that a tag has at the registry; `supposed` is one that it may have */
  readonly upstreamDigest: (key: TagKey, supposed?: Digest) => Promise<Digest | null>;
  readonly upstreamManifest: (key: TagKey, digest: Digest) => Promise<ManifestBytes | null>;
  /**
   * Writes a manifest under a tag.
   * @returns status of the answer; `read-only` when the registry may not be written to at present
   * @throws when there is none
   */
  readonly putManifest: (
    key: TagKey,
    manifest: ManifestBytes,
    requestId: string,
  ) => Promise<number | "read-only">;
  readonly newReservation: () => string;
  readonly bounds: Pick<Bounds, "lateSeconds">;
}

/** How a repair ended; anything but `repaired` says why the tag stays as it is. */
export type RepairOutcome =
  | "repaired"
  | "its manifest is lost"
  | "it is being pushed"
  | "the registry is read-only"
  | "the registry refuses its manifest"
  | "the registry has not answered";

/** A tag, and what the ledger says that it means. */
export type RepairedTag = Pick<SeenTag, "repository" | "tag" | "digest">;

const LEASE_SECONDS = 60;

/**
 * Writes the manifest that a tag has in the ledger to the registry again. The tag is reserved meanwhile, as for
 * a push, so that no push can be undone by it; if this process dies, the tag is given back as it was.
 *
 * @param deps - ledger and registry
 * @param seen - the tag
 * @param reason - what was wrong, for the audit log
 * @returns how it ended
 * @throws when the registry does not answer; the reservation then stays until its lease ends
 */
export async function repairTag(
  deps: RepairDeps,
  seen: RepairedTag,
  reason: string,
): Promise<RepairOutcome> {
  const { repository, tag, digest } = seen;
  const manifest =
    (await readManifest(deps.db, repository, digest)) ??
    (await unlessUnreadable(deps.upstreamManifest(seen, digest)));
  if (manifest === null) return "its manifest is lost";
  const reservation = deps.newReservation();
  const claim: TagClaim = { repository, tag, digest, actor: SYSTEM, reservation };
  const reserved = await givingBack(deps, claim, () =>
    reserveHeld(deps.db, claim, { kind: "repair", leaseSeconds: LEASE_SECONDS }),
  );
  if (reserved === null) return "it is being pushed";
  if (reserved !== digest) return release(deps, claim, "it is being pushed");
  const written = await write(deps, claim, manifest);
  if (written === "repaired") await settle(deps, claim, reason);
  else if (written !== "the registry has not answered") return release(deps, claim, written);
  else await releaseNoted(deps, claim);
  return written;
}

/** With the reservation in place: whoever makes the registry read-only waits for reservations. */
async function write(
  deps: RepairDeps,
  claim: TagClaim,
  manifest: ManifestBytes,
): Promise<RepairOutcome> {
  const status = await deps.putManifest(claim, manifest, claim.reservation).catch(() => 503);
  if (status === "read-only") return "the registry is read-only";
  if (status < 300) return "repaired";
  if (status < 500 && status !== 401) return "the registry refuses its manifest";
  const isThere = (await deps.upstreamDigest(claim, claim.digest)) === claim.digest;
  return isThere ? "repaired" : "the registry has not answered";
}

async function settle(deps: RepairDeps, claim: TagClaim, reason: string): Promise<void> {
  const { repository, tag, digest, reservation } = claim;
  await deps.db.transaction(async (tx) => {
    if (!(await settleRepair(tx, claim, reservation))) return;
    tellSettled(tx, claim, { kind: "unchanged" });
    const entry = { action: "tag.repaired", actor: SYSTEM, repository, tag, digest } as const;
    await deps.audit(tx, { ...entry, reason, detail: {} });
  }, repository);
  deps.log.warn({ event: "tag.repaired", repository, tag, digest, reason });
}

async function release(
  { db }: RepairDeps,
  claim: TagClaim,
  outcome: RepairOutcome,
): Promise<RepairOutcome> {
  await db.transaction((tx) => releaseTag(tx, claim), claim.repository);
  return outcome;
}

/** It may still write it, when a newer push has been acknowledged. */
async function releaseNoted({ db, bounds }: RepairDeps, claim: TagClaim): Promise<void> {
  await db.transaction(async (tx) => {
    await releaseTag(tx, claim);
    await noteUnanswered(tx, claim, { ...bounds, wasFree: false });
  }, claim.repository);
}
