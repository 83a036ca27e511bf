import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { isBuildCache } from "#registry-protocol/manifest/build-cache.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { manifestReferences } from "#registry-protocol/manifest/references.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { registryErrors } from "../upstream/registry-errors.js";
import type { Upstream } from "../upstream/upstream.js";
import type { WholeAnswer } from "../upstream/whole-request.js";
import { faultAnswer } from "./fault-answer.js";
import { MAX_MANIFEST_BYTES } from "./manifest-body.js";

const AT_ONCE = 16;
const NO_INDEX_OF_LAYERS =
  "this registry takes no index of layers: export the cache with image-manifest=true";

/**
 * A registry 2.8 takes BuildKit's index of layers, and whatever else it names: so each part has to be there, and be no manifest.
 *
 * @param upstream - the registry
 * @param repository - where the index is to be
 * @param manifest - what is pushed; only a build cache is looked at
 * @throws Fault MANIFEST_PART_UNKNOWN when a part is not there, MANIFEST_INVALID when one is a manifest, UNAVAILABLE when that
 *   cannot be told
 */
export async function lookForCache(
  upstream: Pick<Upstream, "blobSize" | "getManifest">,
  repository: RepositoryName,
  manifest: Manifest,
): Promise<void> {
  if (!isBuildCache(manifest)) return;
  const parts = manifestReferences(manifest).map(({ target }) => target);
  for (let from = 0; from < parts.length; from += AT_ONCE)
    await Promise.all(
      parts.slice(from, from + AT_ONCE).map((digest) => lookFor(upstream, repository, digest)),
    );
}

async function lookFor(
  upstream: Pick<Upstream, "blobSize" | "getManifest">,
  repository: RepositoryName,
  digest: Digest,
): Promise<void> {
  const size = await upstream.blobSize(repository, digest).catch(cannotTell);
  if (size === null)
    throw new Fault("MANIFEST_PART_UNKNOWN", {
      message: `the build cache needs the blob ${digest}, which is not there; push it first`,
      detail: { digest },
    });
  if (size > MAX_MANIFEST_BYTES) return;
  const found = await unlessUnreadable(upstream.getManifest(repository, digest)).catch(cannotTell);
  if (found !== null)
    throw new Fault("MANIFEST_INVALID", {
      message: `manifest invalid: the index names ${digest} as a layer, and it is a manifest`,
      detail: { digest },
    });
}

/**
 * Registries 3.x take no index of layers.
 *
 * @param answer - the registry's answer to a manifest
 * @param manifest - the manifest, all parts of which are there
 * @returns the answer, or one that says what to do where the registry does not take a build cache
 */
export function withRefusedCache(answer: WholeAnswer, manifest: Manifest): WholeAnswer {
  const isRefused = answer.status >= 400 && answer.status < 500 && isBuildCache(manifest);
  if (!isRefused || !isAboutParts(answer.body)) return answer;
  const message = `manifest invalid: ${NO_INDEX_OF_LAYERS}`;
  return faultAnswer(new Fault("MANIFEST_INVALID", { message, summary: message }));
}

function isAboutParts(body: Buffer): boolean {
  const errors = registryErrors(body);
  return errors.length > 0 && errors.every(({ code }) => code === "MANIFEST_BLOB_UNKNOWN");
}

function cannotTell(cause: unknown): never {
  throw new Fault("UNAVAILABLE", {
    message: "the registry cannot be asked for what the build cache needs; push again",
    cause,
  });
}
