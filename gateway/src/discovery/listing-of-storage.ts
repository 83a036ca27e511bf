import { text } from "node:stream/consumers";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { MARKER } from "#registry-protocol/storage-marker.js";
import { ListingRefused, type RegistryListing } from "#service-kit/http/registry-listing.js";
import type { StoredFiles } from "../stored-files/stored-files.js";

/** Where both lines of the stock registry keep repositories, below the root directory of their storage. */
const REPOSITORIES = "docker/registry/v2/repositories";
/** What is stored for a tag: the digest that it has. */
const TAG = /^docker\/registry\/v2\/repositories\/(.+)\/_manifests\/tags\/([^/]+)\/current\/link$/;
/** Folders in which no tag is, and many files are. Repositories and tags may be called like them: no part of a repository's name begins with `_`. */
const WITHOUT_TAGS =
  /^docker\/registry\/v2\/repositories\/(?:[^/_][^/]*\/)+(?:_layers|_uploads|_manifests\/(?:revisions|tags\/[^/]+\/index))$/;
const PORTION = 500;

/**
 * What a registry's storage has, whatever the registry lists: 3.1.0 and 3.1.1 leave out, on S3, what has a name that begins
 * with another's.
 *
 * @param files - the root directory of the registry's storage
 * @returns a reader of the names in it; what they mean has to be asked of the registry
 */
export function listingOfStorage(files: StoredFiles): RegistryListing {
  return {
    repositories: (signal) => repositoriesIn(files, signal),
    tags: (repository, signal) => tagsIn(files, repository, signal),
  };
}

async function* repositoriesIn(files: StoredFiles, signal: AbortSignal): AsyncGenerator<string[]> {
  let last = "";
  for await (const paths of files.list(REPOSITORIES, isWithoutTags, signal)) {
    const names: string[] = [];
    for (const path of paths) {
      const [, repository] = TAG.exec(path) ?? [];
      if (repository === undefined || repository === last) continue;
      last = repository;
      names.push(repository);
    }
    if (names.length > 0) yield names;
  }
  if (last === "")
    throw new Error(
      `${files.name} has no tags in ${REPOSITORIES}: is it the root directory of the registry's storage?`,
    );
}

async function* tagsIn(
  files: StoredFiles,
  repository: RepositoryName,
  signal: AbortSignal,
): AsyncGenerator<string[]> {
  let names: string[] = [];
  let isThere = false;
  const folder = `${REPOSITORIES}/${repository}/_manifests/tags`;
  for await (const paths of files.list(folder, isWithoutTags, signal)) {
    for (const path of paths) {
      const [, , tag] = TAG.exec(path) ?? [];
      if (tag !== undefined) names.push(tag);
    }
    isThere ||= names.length > 0;
    if (names.length < PORTION) continue;
    yield names;
    names = [];
  }
  if (!isThere) throw new ListingRefused(`the tags of ${repository} in its storage`, 404);
  if (names.length > 0) yield names;
}

function isWithoutTags(folder: string): boolean {
  return WITHOUT_TAGS.test(folder);
}

/**
 * @param files - what somebody says is the root directory of the registry's storage
 * @param marker - the digest that the storage's marker has at the registry
 * @param signal - ends the reading
 * @throws Error when it is another one, or none: what is named there says nothing of this registry
 */
export async function refuseOtherStorage(
  files: StoredFiles,
  marker: Digest | null,
  signal: AbortSignal,
): Promise<void> {
  const path = `${REPOSITORIES}/${MARKER.repository}/_manifests/tags/${MARKER.tag}/current/link`;
  const file = await files.open(path, signal);
  const link = file === null ? null : (await text(file.body)).trim();
  if (link === null || link !== marker)
    throw new Error(
      `${files.name} is not the root directory of this registry's storage: ` +
        (link === null ? `it has no ${path}` : "it bears another marker (docs/storage.md)"),
    );
}
