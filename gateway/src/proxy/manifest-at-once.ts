import {
  isManifestList,
  takesSingleImagesAlone,
} from "#registry-protocol/manifest/default-image.js";
import type { KeptManifest, KeptManifests } from "../ledger/kept-manifests.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import type { PullRecorder } from "../pulls/pull-recorder.js";
import { answerKeptManifest, isGivenAsItIs } from "./answer-kept-manifest.js";
import type { ExchangeOf } from "./exchange.js";
import { notePull } from "./pull-notes.js";

/** What answering from memory needs. */
export interface AtOnceDeps {
  readonly resolver: Pick<TagResolver, "recall">;
  readonly pulls: Pick<PullRecorder, "looked" | "pulled">;
  readonly kept: Pick<KeptManifests, "inMemory">;
}

/**
 * GET and HEAD of a manifest of which everything is in memory: the same answer as that of `readManifest`, without a promise
 * on the way to it.
 *
 * @param deps - what is in memory
 * @param exchange - a request of somebody who may make it, without a body
 * @returns whether it was answered; when it was not, nothing has been done
 */
export function readAtOnce(deps: AtOnceDeps, exchange: ExchangeOf<"manifest.read">): boolean {
  const { req, res } = exchange;
  const manifest = manifestInMemory(deps, exchange);
  if (manifest === null || !isGivenAsItIs(manifest, req.headers.accept)) return false;
  const note = notePull(deps.pulls, exchange);
  const statusCode = answerKeptManifest(req, res, manifest);
  note({ statusCode, headers: { "docker-content-digest": manifest.digest } });
  return true;
}

function manifestInMemory(
  { resolver, kept }: AtOnceDeps,
  { req, request }: ExchangeOf<"manifest.read">,
): KeptManifest | null {
  const { repository, reference } = request;
  if (reference.tag === undefined)
    return kept.inMemory({ repository, digest: reference.digest }, false);
  const digest = resolver.recall({ repository, tag: reference.tag });
  if (digest === null) return null;
  const manifest = kept.inMemory({ repository, digest }, true);
  // Of those lists some clients get an image.
  const isMore = manifest !== null && isManifestList(manifest.mediaType);
  return isMore && takesSingleImagesAlone(req.headers.accept) ? null : manifest;
}
