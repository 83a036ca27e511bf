import type { Digest } from "#registry-protocol/digest.js";
import { annotatedCreation, createdOf } from "#registry-protocol/manifest/created.js";
import { imageParts } from "#registry-protocol/manifest/image-parts.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { inSlices } from "#service-kit/in-slices.js";
import type { ImageReader } from "../scm/find-source.js";
import { readSmallBlob } from "../scm/read-small.js";
import { SEARCH_LIMITS } from "../scm/search-limits.js";

/** Where an image is. */
export interface ImageAddress {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** When an image was made. */
export interface ImageDate {
  /** `null` when it does not say. */
  readonly createdAt: Date | null;
}

/**
 * When an image was made: as its configuration says, of an index that of its first image; else as annotations say.
 *
 * @param reader - reads the image
 * @param address - manifest or index
 * @param signal - ends it early
 * @returns when, or `null` when the registry does not have the manifest
 * @throws when that cannot be told
 */
export async function imageDate(
  reader: ImageReader,
  { repository, digest }: ImageAddress,
  signal: AbortSignal,
): Promise<ImageDate | null> {
  const manifest = await reader.manifest(repository, digest);
  if (manifest === null) return null;
  const image = await imageOf(reader, repository, manifest);
  const config = image === null ? null : (imageParts(image)?.config ?? null);
  const configured =
    config === null ? null : await configuredDate(reader, { repository, digest: config }, signal);
  return { createdAt: configured ?? (image && annotated(image)) ?? annotated(manifest) };
}

async function imageOf(
  reader: ImageReader,
  repository: RepositoryName,
  manifest: StandingManifest,
): Promise<StandingManifest | null> {
  const first = imageParts(manifest)?.firstImage ?? null;
  return first === null ? manifest : reader.manifest(repository, first);
}

async function configuredDate(
  reader: ImageReader,
  address: ImageAddress,
  signal: AbortSignal,
): Promise<Date | null> {
  const content = await readSmallBlob(reader, address, SEARCH_LIMITS.configBytes, signal);
  return content === null ? null : inSlices(createdOf(content));
}

function annotated(manifest: StandingManifest): Date | null {
  return manifest.kind === "unclear" ? null : annotatedCreation(manifest.annotations);
}
