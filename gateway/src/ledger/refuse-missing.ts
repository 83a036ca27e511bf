import { Fault } from "#registry-protocol/faults.js";
import type { Digest } from "#registry-protocol/digest.js";
import { childrenOf } from "#registry-protocol/manifest/references.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { PushDeps, TagPush } from "./push.js";
import { releasePush } from "./settle.js";
import { readBuriedParts } from "./sql/manifest-needs.js";
import { storeManifest } from "./sql/store-manifest.js";

/** As many as one push asks the registry for. */
const MOST_ASKED = 16;

/**
 * The registry accepts an index when its children are there, and does not look for what is missing below them.
 * So before an index is sent, everything below it that was ever deleted has to be there again. What has a
 * tombstone may have come back past the ledger, and what came of a deletion may be in doubt: the registry is asked.
 *
 * @param deps - ledger and registry
 * @param push - a push whose tag is reserved for it
 * @throws Fault MANIFEST_PART_UNKNOWN when a manifest is missing, UNAVAILABLE when that cannot be told; the
 *   reservation is given back then
 */
export async function refuseMissing(deps: PushDeps, push: TagPush): Promise<void> {
  const children = childrenOf(push.manifest.reading);
  if (children.length === 0) return;
  const missing = await findMissing(deps, push, children).catch(async (cause: unknown) => {
    await releasePush(deps, push, "what it needs cannot be looked for");
    throw new Fault("UNAVAILABLE", {
      message: "the registry cannot be asked for what the index needs; push again",
      cause,
    });
  });
  if (missing === null) return;
  await releasePush(deps, push, "a manifest that it needs was deleted");
  throw new Fault("MANIFEST_PART_UNKNOWN", { detail: { digest: missing } });
}

async function findMissing(
  deps: PushDeps,
  push: TagPush,
  children: readonly Digest[],
): Promise<Digest | null> {
  const { repository } = push;
  for (const digest of await readBuriedParts(deps.db, repository, children, MOST_ASKED)) {
    const manifest = await unlessUnreadable(deps.upstreamManifest(push, digest));
    if (manifest === null) return digest;
    await storeManifest(deps.db, repository, manifest, "found");
  }
  return null;
}
