import type { Digest } from "#registry-protocol/digest.js";
import { imageParts, labelsOf, type ImageParts } from "#registry-protocol/manifest/image-parts.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { inSlices } from "#service-kit/in-slices.js";
import { readSmallBlob, type BlobReader } from "./read-small.js";
import {
  parseScmSource,
  ScmSourceError,
  sourceOfAnnotations,
  type FoundSource,
} from "./scm-source.js";
import { searchLayer } from "./search-layer.js";
import { OverLimit, searchBudget, type SearchLimits } from "./search-limits.js";

/** Reads images. */
export interface ImageReader extends BlobReader {
  /** @returns a manifest, `null` when there is none. @throws Unreadable, or when that cannot be told */
  manifest(repository: RepositoryName, digest: Digest): Promise<StandingManifest | null>;
}

/** Where to search, and how far. */
export interface SearchTask {
  readonly repository: RepositoryName;
  /** The manifest or index. */
  readonly reading: StandingManifest;
  readonly withLayers: boolean;
  readonly limits: SearchLimits;
  readonly signal: AbortSignal;
}

/** What came of a search. */
export interface SearchResult {
  readonly found: FoundSource | null;
  /** Why nothing was found, for operators. */
  readonly note: string;
}

/**
 * @param manifest - a manifest or index
 * @returns the source that its own annotations name
 */
export function annotatedSource(manifest: StandingManifest): FoundSource | null {
  return fromAnnotations(imageParts(manifest));
}

/**
 * Looks for the source of an image: in the annotations of its manifest, the labels of its configuration, and
 * `scm-source.json` in the root of its layers, topmost first. Of an index, in its first image.
 *
 * @param reader - reads the image
 * @param task - the image
 * @returns the source, or why there is none; that is final, since images do not change
 * @throws when the image could not be read, or the signal ended it
 */
export async function findSource(reader: ImageReader, task: SearchTask): Promise<SearchResult> {
  const parts = imageParts(task.reading);
  const annotated = fromAnnotations(parts);
  if (annotated !== null) return { found: annotated, note: "" };
  const image =
    parts?.firstImage == null ? parts : await childParts(reader, task, parts.firstImage);
  const found = fromAnnotations(image) ?? (image && (await fromLabels(reader, task, image)));
  if (found !== null) return { found, note: "" };
  if (image === null || !task.withLayers || image.layers.length === 0) return nothing("not named");
  try {
    return await fromLayers(reader, task, image);
  } catch (error) {
    if (error instanceof OverLimit) return nothing(`given up: ${error.message}`);
    throw error;
  }
}

async function childParts(
  reader: ImageReader,
  { repository, signal }: SearchTask,
  digest: Digest,
): Promise<ImageParts | null> {
  const manifest = await orAborted(unlessUnreadable(reader.manifest(repository, digest)), signal);
  return manifest === null ? null : imageParts(manifest);
}

function fromAnnotations(parts: ImageParts | null): FoundSource | null {
  const source = parts && sourceOfAnnotations(Object.fromEntries(parts.annotations));
  return source === null ? null : { source, origin: "annotation" };
}

async function fromLabels(
  reader: ImageReader,
  { repository, signal, limits }: SearchTask,
  { config }: ImageParts,
): Promise<FoundSource | null> {
  if (config === null) return null;
  const address = { repository, digest: config };
  const content = await readSmallBlob(reader, address, limits.configBytes, signal);
  if (content === null) return null;
  const source = sourceOfAnnotations(Object.fromEntries(await inSlices(labelsOf(content))));
  return source === null ? null : { source, origin: "label" };
}

/**
 * The first layer that speaks of the file decides. One that cannot be read might have, so those below it do not
 * count: their file could be the base image's.
 */
async function fromLayers(
  reader: ImageReader,
  { repository, limits, signal }: SearchTask,
  { layers }: ImageParts,
): Promise<SearchResult> {
  const budget = searchBudget(limits);
  const timeUp = AbortSignal.timeout(limits.layerMilliseconds);
  const ended = AbortSignal.any([signal, timeUp]);
  try {
    for (const { digest, size } of distinct(layers)) {
      if (size > limits.compressedBytes) return nothing(`given up: layer of ${size} bytes`);
      const bytes = await reader.blob(repository, digest, ended);
      if (bytes === null) return nothing(`layer ${digest} is missing`);
      const outcome = await searchLayer(bytes, budget, ended);
      if (outcome.kind === "removed") return nothing("scm-source.json was removed in a layer");
      if (outcome.kind === "unreadable") return nothing(`layer ${digest}: ${outcome.reason}`);
      if (outcome.kind === "file") return fromFile(outcome.text);
    }
  } catch (error) {
    if (!timeUp.aborted || signal.aborted) throw error;
    return nothing(`given up: not done within ${limits.layerMilliseconds / 1000} s`);
  }
  return nothing("not named, and no scm-source.json");
}

function fromFile(text: string): SearchResult {
  try {
    return { found: { source: parseScmSource(text), origin: "file" }, note: "" };
  } catch (error) {
    if (error instanceof ScmSourceError) return nothing(`scm-source.json: ${error.message}`);
    throw error;
  }
}

function distinct<T extends { readonly digest: Digest }>(layers: readonly T[]): T[] {
  return layers.filter(({ digest }, i) => layers.findIndex((one) => one.digest === digest) === i);
}

/** For what does not end by a signal itself: nobody waits for it any longer. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const aborted = new Promise<never>((_resolve, reject) => {
    signal.addEventListener(
      "abort",
      () => {
        reject(signal.reason as Error);
      },
      { once: true },
    );
  });
  return Promise.race([work, aborted]);
}

function nothing(note: string): SearchResult {
  return { found: null, note };
}
