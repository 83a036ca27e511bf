import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import { isSignatureTag, LATEST } from "#tag-policy/tag-policy.js";
import { readKnownTags, type KnownTag } from "../ledger/sql/known-tags.js";
import type { ImageReader } from "../scm/find-source.js";
import { isListMissing, type RegistryListing } from "#service-kit/http/registry-listing.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import { imageDate, type ImageDate } from "./image-date.js";

/** What looking at a repository's tags needs. */
export interface NewestTagDeps {
  readonly db: Queryable;
  readonly listing: Pick<RegistryListing, "tags">;
  readonly reader: ImageReader;
  /** @returns the digest that a tag has at the registry. @throws when that cannot be told */
  readonly upstreamDigest: (key: TagKey) => Promise<Digest | null>;
}

/** A tag, and when its image was made. */
export interface DatedTag extends ImageDate {
  readonly tag: Tag;
  readonly digest: Digest;
}

const AT_ONCE = 8;

/**
 * Looks at every tag of a repository, at the registry and in the ledger, but for signatures, what was deleted, and
 * `latest`.
 *
 * @param deps - ledger and registry
 * @param repository - the repository
 * @param signal - ends it early
 * @returns the tag whose image was made last; `null` when there is none that can be read
 * @throws when not all of that could be told
 */
export async function newestTag(
  deps: NewestTagDeps,
  repository: RepositoryName,
  signal: AbortSignal,
): Promise<DatedTag | null> {
  const known = await readKnownTags(deps.db, repository);
  const names = new Set<string>(known.keys());
  for await (const listed of listedTags(deps, repository, signal))
    for (const name of listed) names.add(name);
  const dates = new Map<Digest, Promise<ImageDate | null>>();
  let newest: DatedTag | null = null;
  const look = async (tag: Tag): Promise<void> => {
    signal.throwIfAborted();
    const digest =
      known.get(tag)?.digest ?? (await unlessUnreadable(deps.upstreamDigest({ repository, tag })));
    if (digest === null) return;
    const date =
      dates.get(digest) ?? unlessUnreadable(imageDate(deps.reader, { repository, digest }, signal));
    dates.set(digest, date);
    const found = await date;
    if (found === null) return;
    const dated = { tag, digest, ...found };
    if (newest === null || isNewer(dated, newest)) newest = dated;
  };
  const tags = [...names].flatMap((name) => candidate(known, name));
  await someAtOnce(tags, AT_ONCE, look);
  return newest;
}

/**
 * @param one - a tag
 * @param other - another tag of the repository
 * @returns whether the first one is the newer one; of one age it is the one whose name comes later, numbers in it by their
 *   value, so that it does not matter which is looked at first
 */
export function isNewer(one: DatedTag, other: DatedTag): boolean {
  const difference =
    (one.createdAt?.getTime() ?? -Infinity) - (other.createdAt?.getTime() ?? -Infinity);
  if (difference > 0 || difference < 0) return difference > 0;
  return BY_NAME.compare(one.tag, other.tag) > 0;
}

const BY_NAME = new Intl.Collator("en", { numeric: true });

async function* listedTags(
  { listing }: NewestTagDeps,
  repository: RepositoryName,
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  try {
    yield* listing.tags(repository, signal);
  } catch (error) {
    if (!isListMissing(error)) throw error;
  }
}

function candidate(known: ReadonlyMap<string, KnownTag>, name: string): Tag[] {
  if (name === LATEST || known.get(name)?.deleted === true) return [];
  try {
    const tag = parseTag(name);
    return isSignatureTag(tag) ? [] : [tag];
  } catch {
    return [];
  }
}
