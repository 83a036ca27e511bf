import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { growthOf } from "#registry-protocol/manifest/append-only.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { inSlices } from "#service-kit/in-slices.js";
import type { PushDeps, TagPush } from "./push.js";
import { refusalOf } from "./refusal.js";
import { releasePush } from "./settle.js";
import { readHeldTag } from "./sql/read-tag.js";
import { readManifest } from "./sql/store-manifest.js";
import { readStored } from "../upstream/read-stored.js";
import type { TagRule } from "#tag-policy/tag-rule.js";

const REASONS = {
  "entries-missing": "tag-would-shrink",
  "out-of-date": "tag-grew-meanwhile",
  "cannot-compare": "tag-cannot-compare",
} as const;

/**
 * Sees to it that a tag which may only grow loses nothing by a push. The tag has to be reserved for the push:
 * so of two signers who add to the same manifest at once, the second one is compared with the first one's.
 *
 * @param deps - ledger and registry
 * @param push - a push whose tag is reserved for it
 * @param rule - the rule for the tag
 * @throws Fault TAG_HELD when an entry would get lost, UNAVAILABLE when that cannot be told; the reservation is
 *   given back then
 */
export async function refuseShrinking(deps: PushDeps, push: TagPush, rule: TagRule): Promise<void> {
  if (rule.appendOnly !== true) return;
  const held = await readHeldTag(deps.db, push);
  if (held === null || held.digest === push.digest) return;
  const standing = await heldManifest(deps, push, held.digest).catch(async (error: unknown) => {
    await releasePush(deps, push, "the held manifest cannot be had");
    throw new Fault("UNAVAILABLE", {
      message: "what the tag holds cannot be had for the moment; push again",
      cause: error,
    });
  });
  if (standing === null) return;
  const growth = await inSlices(growthOf(standing, push.manifest.reading));
  if (growth.grows) return;
  await releasePush(deps, push, "it would lose entries");
  const reason = REASONS[growth.reason];
  throw await refusalOf(deps, push, rule, { outcome: "refuse", reason, held });
}

/** @returns the manifest, or `null` when neither the ledger nor the registry has it any more */
async function heldManifest(
  deps: PushDeps,
  push: TagPush,
  digest: Digest,
): Promise<StandingManifest | null> {
  const stored = await readManifest(deps.db, push.repository, digest);
  if (stored !== null) return (await readStored(stored)).reading;
  return deps.upstreamManifest(push, digest).then(
    (manifest) => manifest?.reading ?? null,
    (error: unknown) => {
      if (error instanceof Unreadable) return nothingKnown(error.reason);
      throw error;
    },
  );
}

/** Nobody can tell what the tag would lose. */
function nothingKnown(reason: string): StandingManifest {
  return { kind: "unclear", reason, children: [], subjects: [], blobs: [] };
}
