import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Tag } from "#registry-protocol/tag.js";
import { isDeletable } from "#tag-policy/deletable.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { Database, Transaction } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { InUseGuard } from "../in-use/guard.js";
import { orGiveBack } from "../ledger/giving-back.js";
import { markDeleting, unmarkDeleting } from "../ledger/sql/delete-manifest.js";
import { lockForDeletion, readNeedingTags } from "../ledger/sql/manifest-needs.js";
import { readBelonging, readReferrers } from "../ledger/sql/referrers.js";
import {
  holdTagsMeaning,
  releaseTogether,
  reserveTogether,
  type ManifestKey,
  type MeaningTag,
  type TagsRemoval,
} from "../ledger/sql/tags-of-manifest.js";
import type { Waiting } from "../ledger/waiting.js";
import { keptManifest, MOST_NAMED, tooManyTags, whyNotDeletable } from "./kept-manifest.js";
import { changing, hasUnknown } from "./learn-manifests.js";

/** Longer than the gateway waits for the registry. */
const LEASE_SECONDS = 60;
/** All go on record in one transaction. */
const MOST_TAGS = 100;
/** Shorter than clients' patience, longer than most pushes of a manifest. */
const PATIENCE_MILLISECONDS = 10_000;
const LONGEST_WAIT_MILLISECONDS = 1_000;

/** What deciding on a manifest and its tags needs. */
export interface ClaimDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly policy: TagPolicy;
  readonly inUse: InUseGuard;
  readonly waiting: Pick<Waiting, "now" | "untilSettled" | "recover">;
}

type Claim =
  | { readonly kind: "claimed"; readonly tags: readonly Tag[] }
  /** Somebody is writing a tag. */
  | { readonly kind: "busy"; readonly tag: Tag }
  | { readonly kind: "refused"; readonly fault: Fault };

/**
 * Decides on the deletion of a manifest and its tags, and reserves them for it, all in one transaction; while somebody is
 * writing one of the tags, that is waited for.
 *
 * @param deps - ledger and rules
 * @param removal - who deletes what
 * @param unread - what of the repository's manifests could not be learned
 * @returns the tags, which are reserved; a note is on the manifest
 * @throws Fault MANIFEST_NEEDED when something stands in the way, MANIFEST_IN_USE when it is used, UNAVAILABLE when that could not be decided
 */
export async function claimWithTags(
  deps: ClaimDeps,
  removal: TagsRemoval,
  unread: readonly Digest[],
): Promise<readonly Tag[]> {
  const { db, waiting } = deps;
  const deadline = waiting.now() + PATIENCE_MILLISECONDS;
  for (;;) {
    const claim = await orGiveBack(
      () => db.transaction((tx) => claimOnce(tx, deps, removal, unread)),
      () => isGivenBack(deps, removal),
    );
    if (claim.kind === "claimed") return claim.tags;
    if (claim.kind === "refused") throw claim.fault;
    const left = deadline - waiting.now();
    if (left <= 0)
      throw new Fault("UNAVAILABLE", {
        message: `somebody is writing the tag ${claim.tag}, which means this manifest; try again`,
      });
    const key = { repository: removal.repository, tag: claim.tag };
    await waiting.untilSettled(key, Math.min(left, LONGEST_WAIT_MILLISECONDS));
    // Whoever was writing it may be lost.
    await waiting.recover(key).catch(() => undefined);
  }
}

async function claimOnce(
  tx: Transaction,
  { policy, inUse }: Pick<ClaimDeps, "policy" | "inUse">,
  removal: TagsRemoval,
  unread: readonly Digest[],
): Promise<Claim> {
  const { repository, digest, actor } = removal;
  await lockForDeletion(tx, repository);
  if (await hasUnknown(tx, repository, digest, unread))
    return { kind: "refused", fault: changing() };
  const meaning = await holdTagsMeaning(tx, removal, MOST_TAGS + 1);
  const fault =
    (await refusalOf(tx, policy, removal, meaning)) ?? (await inUse.faultOf(tx, removal));
  if (fault !== null) return { kind: "refused", fault };
  const busy = meaning.find(({ reserved }) => reserved);
  if (busy !== undefined) return { kind: "busy", tag: busy.tag };
  const tags = meaning.map(({ tag }) => tag);
  await reserveTogether(tx, removal, tags, LEASE_SECONDS);
  await markDeleting(tx, repository, digest, actor);
  return { kind: "claimed", tags };
}

/** The note on the manifest is of whoever has the tags. */
async function isGivenBack({ db, log }: ClaimDeps, removal: TagsRemoval): Promise<boolean> {
  const { repository, digest, reservation } = removal;
  const tags = await db.transaction(async (tx) => {
    const released = await releaseTogether(tx, removal);
    if (released.length > 0) await unmarkDeleting(tx, repository, digest);
    return released;
  });
  if (tags.length === 0) return false;
  log.info({ event: "reservation.given-back", repository, digest, tags, reservation });
  return true;
}

async function refusalOf(
  tx: Transaction,
  policy: TagPolicy,
  key: ManifestKey,
  meaning: readonly MeaningTag[],
): Promise<Fault | null> {
  if (meaning.length > MOST_TAGS)
    return tooManyTags(
      MOST_TAGS,
      meaning.map(({ tag }) => tag),
    );
  const own = new Set<string>(meaning.map(({ tag }) => tag));
  const limit = MOST_NAMED + 1;
  const needing = await readNeedingTags(tx, key.repository, key.digest, own.size + limit);
  const kept = meaning.flatMap((one) => {
    const why = whyKept(policy, key, one);
    return why === null ? [] : [{ tag: one.tag, why }];
  });
  const others = needing.filter((tag) => !own.has(tag));
  const belonging = others.length === 0 ? "" : whereItBelongs(await readBelonging(tx, key));
  const needed = others.map((tag) => ({
    tag,
    why: policy.isVirtual({ ...key, tag }) ? "it is virtual, and means it" : belonging,
  }));
  // Without tags nobody but whoever deletes it knows it.
  const referrers = own.size === 0 ? [] : await readReferrers(tx, key, limit);
  return keptManifest({ tags: [...kept, ...needed], referrers });
}

function whereItBelongs(how: Awaited<ReturnType<typeof readBelonging>>): string {
  if (how.isPart && how.isReferrer) return "through an index or its subject";
  return how.isPart ? "it is part of an index" : "because of its subject";
}

function whyKept(
  policy: TagPolicy,
  { repository }: ManifestKey,
  { tag, locked }: MeaningTag,
): string | null {
  if (policy.isVirtual({ repository, tag })) return "it is virtual";
  const rule = policy.ruleFor(repository, tag);
  return isDeletable(rule, locked) ? null : whyNotDeletable(rule, locked);
}
