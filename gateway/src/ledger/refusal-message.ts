import { differenceOf, type ManifestDifference } from "#registry-protocol/manifest/difference.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { inSlices } from "#service-kit/in-slices.js";
import type { TagDecision } from "#tag-policy/decide-tag-write.js";
import type { TagRule } from "#tag-policy/tag-rule.js";
import { readStored } from "../upstream/read-stored.js";
import type { PushDeps, TagPush } from "./push.js";
import { readManifest } from "./sql/store-manifest.js";

type Refusal = Extract<TagDecision, { outcome: "refuse" }>;

/** What whoever attached at the same time as somebody else is told. */
export const ANOTHER_REFERRER = "another referrer was added meanwhile: push again";

/** A refusal is quick; what differs is told where the registry is, too. */
const REGISTRY_MILLISECONDS = 2_000;

/**
 * @param deps - ledger and registry
 * @param push - a push that is refused
 * @param rule - the rule that applies
 * @param decision - what is held against it
 * @returns what whoever pushes is told, in few words; `null` when there is nothing to say beyond that it is refused
 */
export async function refusalMessage(
  deps: PushDeps,
  push: TagPush,
  rule: TagRule,
  decision: Refusal,
): Promise<string | null> {
  // That the same bytes may come back says more than what differs.
  if (decision.reason === "tag-deleted")
    return rule.message === undefined ? null : `tag was deleted; ${rule.message}`;
  const because = await reasonFor(deps, push, rule, decision);
  return because === null ? null : `tag already exists; ${because}`;
}

async function reasonFor(
  deps: PushDeps,
  push: TagPush,
  rule: TagRule,
  decision: Refusal,
): Promise<string | null> {
  if (decision.reason === "tag-would-shrink") return "would lose entries";
  if (decision.reason === "tag-grew-meanwhile") return grewMeanwhile(push.manifest.reading.kind);
  if (decision.reason === "tag-cannot-compare") return "it may only grow";
  const difference = await differenceFrom(deps, push, decision);
  if (difference?.isSameContent === true) return difference.words;
  return rule.message ?? difference?.words ?? null;
}

/** Words of ours: they stand in the status line too. An image may as well be meant to replace an entry, as an attestation. */
function grewMeanwhile(kind: "image" | "index"): string {
  return kind === "index" ? ANOTHER_REFERRER : "would lose entries: read it again, then push";
}

async function differenceFrom(
  deps: PushDeps,
  push: TagPush,
  { held }: Refusal,
): Promise<ManifestDifference | null> {
  const standing = await heldManifest(deps, push, held.digest);
  return standing === null ? null : inSlices(differenceOf(standing, push.manifest));
}

/** Of a tag that was adopted, the registry alone has the manifest; whoever is refused does not wait for that long. */
async function heldManifest(
  deps: PushDeps,
  push: TagPush,
  digest: TagPush["digest"],
): Promise<StoredManifest | null> {
  const stored = await readManifest(deps.db, push.repository, digest);
  if (stored !== null) return readStored(stored);
  const late = deps.waiting.pause(REGISTRY_MILLISECONDS).then(() => null);
  return Promise.race([deps.upstreamManifest(push, digest).catch(() => null), late]);
}
