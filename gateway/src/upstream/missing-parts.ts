import { algorithmOf } from "#registry-protocol/digest.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import { neededParts, type NeededPart } from "#registry-protocol/manifest/needed-parts.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { thoseWhere } from "#service-kit/some-at-once.js";
import type { RegistryReads } from "./registry-reads.js";

/** What looks for parts. */
export type PartReads = Pick<RegistryReads, "blobSize" | "hasManifest">;

const AT_ONCE = 16;

/**
 * @param reads - the registry
 * @param repository - where a part has to be
 * @param part - a part
 * @returns whether it is there
 * @throws when that cannot be told
 */
export async function stands(
  reads: PartReads,
  repository: RepositoryName,
  { kind, digest }: NeededPart,
): Promise<boolean> {
  // A manifest of another algorithm stands there as a blob under that name.
  return kind === "manifest" && algorithmOf(digest) === "sha256"
    ? reads.hasManifest(repository, digest)
    : (await reads.blobSize(repository, digest)) !== null;
}

/**
 * @param reads - the registry
 * @param repository - where the manifest is
 * @param manifest - a manifest
 * @returns what it needs and the registry does not have
 * @throws when that cannot be told
 */
export function missingParts(
  reads: PartReads,
  repository: RepositoryName,
  manifest: StandingManifest,
): Promise<NeededPart[]> {
  const isMissing = async (part: NeededPart) => !(await stands(reads, repository, part));
  return thoseWhere(neededParts(manifest), AT_ONCE, isMissing);
}
