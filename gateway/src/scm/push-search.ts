import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { findSource, type ImageReader, type SearchResult } from "./find-source.js";
import { SEARCH_LIMITS, type SearchLimits } from "./search-limits.js";

/** A push waits for this search, and its client with it. */
const PUSH_MILLISECONDS = 10_000;
/** Less than that: layers that take too long are no source, a registry that does not answer is no verdict. */
const PUSH_LIMITS: SearchLimits = { ...SEARCH_LIMITS, layerMilliseconds: 7_000 };

/**
 * @param reader - reads images
 * @param withLayers - whether layers are read at all
 * @returns what looks through an image that is being pushed, for ten seconds at most
 */
export function pushSearch(
  reader: ImageReader,
  withLayers: boolean,
): (push: {
  readonly repository: RepositoryName;
  readonly manifest: { readonly reading: StandingManifest };
}) => Promise<SearchResult> {
  return ({ repository, manifest: { reading } }) =>
    findSource(reader, {
      repository,
      reading,
      withLayers,
      limits: PUSH_LIMITS,
      signal: AbortSignal.timeout(PUSH_MILLISECONDS),
    });
}
