import { Fault } from "#registry-protocol/faults.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";
import { isListMissing, type RegistryListing } from "#service-kit/http/registry-listing.js";
import { adoptAll, type AdoptDeps } from "../ledger/adopt.js";
import type { LatestInheritance } from "../ledger/latest-inheritance.js";
import type { FoundTag } from "../ledger/sql/read-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { readUnheldTags } from "../ledger/sql/unheld-tags.js";
import { LATEST, type TagPolicy } from "#tag-policy/tag-policy.js";
import type { Digest } from "#registry-protocol/digest.js";

/** What learning a repository's tags needs. */
export interface LearnTagsDeps extends AdoptDeps {
  readonly policy: TagPolicy;
  readonly listing: Pick<RegistryListing, "tags">;
  readonly inheritance: Pick<LatestInheritance, "recordOwn">;
  /**
   * @returns the digest that a tag has at the registry; `supposed` is one that it may have
   * @throws Unreadable when it has another one, which the registry cannot read; anything else when that cannot be told
   */
  readonly upstreamDigest: (key: TagKey, supposed?: Digest) => Promise<Digest | null>;
}

const BATCH = 16;
/** What one deletion waits at most; what was adopted until then is not asked for again. */
const PATIENCE_MILLISECONDS = 60_000;
const REASON = "found at the registry when a manifest was to be deleted";

/**
 * Before a manifest is deleted, the ledger has to know every tag of its repository: of those that stand at the
 * registry from before the ledger's time, or that were pushed past it, discovery may not have heard yet.
 *
 * @param deps - ledger and registry
 * @param repository - the repository
 * @param digest - the manifest that is to be deleted; of a tag that the registry cannot read no more is asked than whether
 *   it means that one: what cannot be read needs no other
 * @throws Fault UNAVAILABLE when not every tag could be learned; the next attempt goes on from there
 */
export async function learnTags(
  deps: LearnTagsDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<void> {
  const signal = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  // What it means there no tag of the ledger needs.
  if (deps.policy.isVirtual({ repository, tag: LATEST }))
    await deps.inheritance.recordOwn(repository);
  try {
    for await (const names of deps.listing.tags(repository, signal))
      await learnListed(deps, { repository, digest }, names, signal);
  } catch (error) {
    // Where the registry has no tags, there is nothing to learn.
    if (isListMissing(error)) return;
    if (error instanceof Fault) throw error;
    throw new Fault("UNAVAILABLE", {
      message: "the registry cannot be asked for its tags; try again",
      cause: error,
    });
  }
}

/** The manifest that is to be deleted. */
interface Removed {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

async function learnListed(
  deps: LearnTagsDeps,
  removal: Removed,
  names: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const { repository } = removal;
  const unheld = await readUnheldTags(deps.db, repository, names);
  const tags = unheld.flatMap(({ name }) => tagToAsk(deps, repository, name));
  for (let from = 0; from < tags.length; from += BATCH) {
    signal.throwIfAborted();
    await learnSome(deps, removal, tags.slice(from, from + BATCH));
  }
}

/** As for discovery: what a virtual tag means is the ledger's alone, and what is no tag nobody can read. */
function tagToAsk({ policy }: LearnTagsDeps, repository: RepositoryName, name: string): Tag[] {
  if (policy.isVirtual({ repository, tag: name })) return [];
  try {
    return [parseTag(name)];
  } catch {
    return [];
  }
}

async function learnSome(
  deps: LearnTagsDeps,
  { repository, digest: removed }: Removed,
  tags: readonly Tag[],
): Promise<void> {
  const asked = await Promise.all(
    tags.map(async (tag) => {
      const look = deps.upstreamDigest({ repository, tag }, removed);
      return { tag, digest: await unlessUnreadable(look) };
    }),
  );
  const found = asked.filter((one): one is FoundTag => one.digest !== null);
  if (found.length === 0) return;
  await adoptAll(deps, repository, found, REASON);
  await refuseHidden(deps, repository, found);
}

/**
 * A push under way hides what its tag means at the registry, until it has seen that itself. One that has
 * already written there is no obstacle: its commit and the deletion see each other.
 */
async function refuseHidden(
  { db }: LearnTagsDeps,
  repository: RepositoryName,
  found: readonly FoundTag[],
): Promise<void> {
  const meanings = new Map<string, Digest>(found.map(({ tag, digest }) => [tag, digest]));
  const unheld = await readUnheldTags(db, repository, [...meanings.keys()]);
  if (unheld.some(({ name, reservedDigest }) => reservedDigest !== meanings.get(name)))
    throw new Fault("UNAVAILABLE", { message: "a push to the repository is under way; try again" });
}
