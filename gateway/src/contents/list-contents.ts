import { setImmediate } from "node:timers/promises";
import type { Extract } from "tar-stream";
import type { Descriptor } from "#registry-protocol/manifest/manifest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { ImageReader } from "../scm/find-source.js";
import { LayerCut, readLayer } from "../scm/read-layer.js";
import {
  OverLimit,
  SEARCH_LIMITS,
  searchBudget,
  type SearchBudget,
  type SearchLimits,
} from "../scm/search-limits.js";
import { entryOf, type LayerEntry } from "./layer-entry.js";
import { mergedView } from "./merged-view.js";

/** What is listed. */
export interface ContentsTask {
  readonly repository: RepositoryName;
  /** Of the image, the lowest first. */
  readonly layers: readonly Descriptor[];
  /** One layer alone, the lowest is 1; `null`: all. */
  readonly only: number | null;
  /** As the image looks when all lie upon each other; else each by itself, the lowest first. */
  readonly isMerged: boolean;
  readonly limits: SearchLimits;
  readonly signal: AbortSignal;
}

/** A line of the list: an entry of a layer, or a layer that is not read. */
export type ContentsLine =
  | (LayerEntry & { readonly layer: number })
  | { readonly layer: number; readonly kind: "unread"; readonly reason: string };

/** How a list ended. */
export type ContentsEnd =
  | { readonly end: "complete" }
  /** Layers were left out: what is in them is not known, nor what they hide. */
  | { readonly end: "incomplete"; readonly reason: string };

/** What one list may cost: an image of some GiB is none for it. */
export const CONTENTS_LIMITS: SearchLimits = {
  ...SEARCH_LIMITS,
  compressedBytes: 512 * 1024 * 1024,
  bytes: 2 * 1024 * 1024 * 1024,
  entries: 300_000,
  layerMilliseconds: 60_000,
};

/** Linux has no longer path, with its terminating zero. */
const MOST_PATH_CHARACTERS = 4_095;

/** Entries that are looked at without a pause. */
const AT_A_TIME = 500;

/** OCI and Docker layers that registries need not have: where they are says their `urls`. */
const FOREIGN = /\.nondistributable\.|\.foreign\./;
const TAR = /\.tar(?:[.+](?:gzip|zstd))?$/;

/**
 * Lists the files in an image's layers while they are unpacked; nothing of them is kept.
 *
 * @param reader - gets the layers
 * @param task - what is listed, and what it may cost
 * @param tell - told of each line; what it returns is waited for
 * @returns how it ended
 * @throws the signal's reason; what `tell` throws
 */
export async function listContents(
  reader: Pick<ImageReader, "blob">,
  task: ContentsTask,
  tell: (line: ContentsLine) => Promise<void>,
): Promise<ContentsEnd> {
  const { limits, signal, isMerged } = task;
  const timeUp = AbortSignal.timeout(limits.layerMilliseconds);
  const ended = AbortSignal.any([signal, timeUp]);
  const reading = { reader, task, budget: searchBudget(limits), signal: ended };
  const left: string[] = [];
  const skip = async (layer: number, reason: string) => {
    left.push(`layer ${layer}: ${reason}`);
    await tell({ layer, kind: "unread", reason });
  };
  try {
    if (isMerged) await tellMerged(reading, tell, skip);
    else await tellEach(reading, tell, skip);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof OverLimit) return cut(error.message);
    if (timeUp.aborted) return cut(`not done within ${limits.layerMilliseconds / 1000} s`);
    if (error instanceof LayerCut) return cut("the registry did not send a whole layer");
    throw error;
  }
  return left.length === 0 ? { end: "complete" } : cut(left.slice(0, 10).join("; "));
}

interface Reading {
  readonly reader: Pick<ImageReader, "blob">;
  readonly task: ContentsTask;
  readonly budget: SearchBudget;
  readonly signal: AbortSignal;
}
type Tell = (line: ContentsLine) => Promise<void>;
type Skip = (layer: number, reason: string) => Promise<void>;

async function tellEach(reading: Reading, tell: Tell, skip: Skip): Promise<void> {
  for (const [layer, descriptor] of numbered(reading.task)) {
    const why = await entriesOf(reading, descriptor, (entry) => tell({ layer, ...entry }));
    if (why !== null) await skip(layer, why);
  }
}

async function tellMerged(reading: Reading, tell: Tell, skip: Skip): Promise<void> {
  const view = mergedView();
  let looked = 0;
  for (const [number, descriptor] of [...numbered(reading.task)].reverse()) {
    const layer = view.next();
    const why = await entriesOf(reading, descriptor, (entry) => {
      layer.add(entry);
      return Promise.resolve();
    });
    // What there is of a layer that is broken stands, and hides what it hides.
    for (const entry of layer.seen()) {
      if (entry !== null) await tell({ layer: number, ...entry });
      looked += 1;
      // Others' requests have their time between them.
      if (looked % AT_A_TIME === 0) await setImmediate();
    }
    if (why !== null) await skip(number, why);
  }
}

function numbered({ layers, only }: ContentsTask): readonly (readonly [number, Descriptor])[] {
  const all = layers.map((layer, index) => [index + 1, layer] as const);
  return only === null ? all : all.filter(([number]) => number === only);
}

/** @returns why the layer was not read, or not to its end; `null`: it was */
async function entriesOf(
  { reader, task, budget, signal }: Reading,
  { mediaType, digest }: Descriptor,
  tell: (entry: LayerEntry) => Promise<void>,
): Promise<string | null> {
  if (!TAR.test(mediaType)) return `no layer of files: ${mediaType}`;
  const bytes = await reader
    .blob(task.repository, digest, signal)
    .catch((cause: unknown) => Promise.reject(new LayerCut("a layer cannot be had", { cause })));
  if (bytes === null)
    return FOREIGN.test(mediaType)
      ? "a foreign layer, which the registry does not have"
      : "the registry does not have it";
  const read = await readLayer(bytes, { budget, signal }, (entries) =>
    tellEntries(entries, budget, tell),
  );
  return read.kind === "read" ? null : read.reason;
}

async function tellEntries(
  entries: Extract,
  budget: SearchBudget,
  tell: (entry: LayerEntry) => Promise<void>,
): Promise<void> {
  for await (const entry of entries) {
    budget.spend("entries", 1);
    const found = entryOf(entry.header);
    if ((found?.path.length ?? 0) > MOST_PATH_CHARACTERS)
      throw new OverLimit(`a path of more than ${MOST_PATH_CHARACTERS} characters`);
    if (found !== null) await tell(found);
    entry.resume();
  }
}

function cut(reason: string): ContentsEnd {
  return { end: "incomplete", reason };
}
