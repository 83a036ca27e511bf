import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { isLine } from "#registry-protocol/text.js";
import type { Pass } from "./pass.js";

/**
 * @param pass - the pass
 * @param repository - a repository
 * @returns the tags that the registry lists, in portions; what cannot be stored cannot be compared either, and is told
 * @throws as `RegistryListing.tags`
 */
export async function* tagsIn(
  { parts, signal, tally }: Pass,
  repository: RepositoryName,
): AsyncGenerator<string[]> {
  for await (const names of parts.registry.listing.tags(repository, signal)) {
    const texts = names.filter(isLine);
    if (texts.length < names.length) tally.error(`${repository}: a tag whose name is no text`);
    yield texts;
  }
}
