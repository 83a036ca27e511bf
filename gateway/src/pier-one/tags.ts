import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { LATEST, type TagPolicy } from "#tag-policy/tag-policy.js";
import { readLatest } from "../ledger/sql/latest-tag.js";
import { readImageTag, readImageTags, type ImageTag } from "./sql/images.js";
import { unknown } from "./target.js";

/** What looking up tags needs. */
export interface ImageTagDeps {
  readonly db: Queryable;
  readonly policy: Pick<TagPolicy, "isVirtual">;
}

/** There is no scanner; Pier One says so in these fields. */
const NOT_SCANNED = {
  ...{ clair_id: null, clair_details: null },
  ...{ severity_fix_available: null, severity_no_fix_available: null },
} as const;

/**
 * @param tag - a tag
 * @returns it in Pier One's form; its client takes dates with milliseconds and nothing else
 */
export function shownTag({ name, created, createdBy, image }: ImageTag) {
  return { name, created: created.toISOString(), created_by: createdBy, image, ...NOT_SCANNED };
}

/**
 * @param deps - ledger
 * @param repository - a repository that the caller may know of
 * @returns its tags, the oldest push first
 * @throws Fault NOT_FOUND when it has none
 */
export async function tagsOf(
  { db }: ImageTagDeps,
  repository: RepositoryName,
): Promise<readonly ImageTag[]> {
  const tags = await readImageTags(db, repository);
  if (tags.length === 0) throw unknown();
  return tags;
}

/**
 * @param deps - ledger, and whether `latest` is the newest tag
 * @param repository - a repository that the caller may know of
 * @param tag - a tag in it
 * @returns the tag; of virtual `latest`, the one that it means
 * @throws Fault NOT_FOUND when there is none
 */
export async function tagOf(
  deps: ImageTagDeps,
  repository: RepositoryName,
  tag: Tag,
): Promise<ImageTag> {
  const isVirtual = tag === LATEST && deps.policy.isVirtual({ repository, tag });
  const meant = isVirtual ? ((await readLatest(deps.db, repository))?.tag ?? null) : tag;
  const found = meant === null ? null : await readImageTag(deps.db, repository, meant);
  if (found === null) throw unknown();
  return found;
}

/**
 * @param deps - ledger, and whether `latest` is the newest tag
 * @param repository - a repository that the caller may know of
 * @returns images by tag, among them what virtual `latest` means
 * @throws Fault NOT_FOUND when it has none
 */
export async function imagesByTag(
  deps: ImageTagDeps,
  repository: RepositoryName,
): Promise<Readonly<Record<string, string>>> {
  const tags = await tagsOf(deps, repository);
  const images = new Map<string, string>(tags.map(({ name, image }) => [name, image]));
  if (deps.policy.isVirtual({ repository, tag: LATEST })) {
    const latest = await readLatest(deps.db, repository);
    const image = latest === null ? undefined : images.get(latest.tag);
    if (image !== undefined) images.set(LATEST, image);
  }
  return Object.fromEntries(images);
}
