import { pageOf, type Page } from "../catalog/page.js";
import { manifestFacts, type ManifestFactsDeps } from "./manifest-facts.js";
import {
  readDescribedTags,
  type DescribedTagsQuery,
  type TagOfLedger,
  type TagPosition,
} from "./sql/described-tags.js";
import type { ManifestFacts } from "./sql/manifest-descriptors.js";

/** A tag, and the manifest that it means. */
export type DescribedTag = Pick<TagOfLedger, "name" | "digest" | "created"> & ManifestFacts;

/**
 * @param deps - ledger and registry
 * @param query - which tags of the ledger, one at least
 * @returns them with what their manifests are; virtual `latest` is none of them
 * @throws Fault UNAVAILABLE as {@link manifestFacts}
 */
export async function describeTags(
  deps: ManifestFactsDeps,
  query: DescribedTagsQuery,
): Promise<Page<DescribedTag, TagPosition>> {
  const { db, ask } = deps;
  const found = await ask(() => readDescribedTags(db, { ...query, limit: query.limit + 1 }));
  const { items, next } = pageOf(found, query.limit, ({ key, name }) => ({ key, name }));
  const digests = items.map(({ digest }) => digest);
  const factsOf = await manifestFacts(deps, query.repository, digests);
  const described = items.map(({ name, digest, created }) => ({
    ...{ name, digest, created },
    ...factsOf(digest),
  }));
  return { items: described, next };
}
