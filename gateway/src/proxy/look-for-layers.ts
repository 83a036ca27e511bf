import { Fault } from "#registry-protocol/faults.js";
import { layersToLookFor, type PlacedLayer } from "#registry-protocol/manifest/foreign-layers.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Upstream } from "../upstream/upstream.js";

const AT_ONCE = 16;

/**
 * A registry 2.8 does not look for a layer that may be had from elsewhere, whether or not it is of a kind that is meant
 * for that. So it is looked for here.
 *
 * @param upstream - the registry
 * @param repository - where the manifest is to be
 * @param manifest - the manifest
 * @throws Fault MANIFEST_INVALID when a layer is not there, UNAVAILABLE when that cannot be told
 */
export async function lookForLayers(
  upstream: Pick<Upstream, "blobSize">,
  repository: RepositoryName,
  manifest: Manifest,
): Promise<void> {
  const layers = layersToLookFor(manifest);
  for (let from = 0; from < layers.length; from += AT_ONCE)
    await Promise.all(
      layers.slice(from, from + AT_ONCE).map((layer) => lookFor(upstream, repository, layer)),
    );
}

async function lookFor(
  upstream: Pick<Upstream, "blobSize">,
  repository: RepositoryName,
  { digest, where }: PlacedLayer,
): Promise<void> {
  const size = await upstream.blobSize(repository, digest).catch((cause: unknown) => {
    throw new Fault("UNAVAILABLE", {
      message: "the registry cannot be asked for a layer that has urls; push again",
      cause,
    });
  });
  if (size === null)
    throw new Fault("MANIFEST_INVALID", {
      message: `manifest invalid: ${where} is of no kind that may be elsewhere alone, and is not there: push it as well`,
      detail: { digest },
    });
}
