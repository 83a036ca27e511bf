import { LRUCache } from "lru-cache";
import type { Digest } from "#registry-protocol/digest.js";
import { defaultImage } from "#registry-protocol/manifest/default-image.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import { unlessAway, type KeptManifests, type ManifestAddress } from "../ledger/kept-manifests.js";
import { readStored } from "../upstream/read-stored.js";
import type { Upstream } from "../upstream/upstream.js";

/**
 * @returns the image that who takes single images alone gets of a manifest list, `null` when it has none for them;
 *   `undefined` when the manifest is no list, or not there
 * @throws when that cannot be told
 */
export type DefaultImages = (address: ManifestAddress) => Promise<Digest | null | undefined>;

/**
 * @param kept - manifests of the ledger
 * @param upstream - the registry
 * @returns what reads from the registry only those that the ledger does not have, or cannot be asked for now
 */
export function keptFirst(
  kept: Pick<KeptManifests, "find">,
  upstream: Pick<Upstream, "getManifest">,
): Pick<Upstream, "getManifest"> {
  return {
    getManifest: async (repository, digest) => {
      const ours = await kept.find({ repository, digest }).catch(unlessAway);
      return ours === null ? upstream.getManifest(repository, digest) : readStored(ours);
    },
  };
}

/** What a digest is of never changes. */
const MOST_KNOWN = 1_000;

/**
 * @param upstream - the registry
 * @returns what looks into manifest lists, into each once as long as it is asked for now and then
 */
export function defaultImages(upstream: Pick<Upstream, "getManifest">): DefaultImages {
  const known = new LRUCache<Digest, ReturnType<DefaultImages>>({ max: MOST_KNOWN });
  const look: DefaultImages = async ({ repository, digest }) => {
    const manifest = await unlessUnreadable(upstream.getManifest(repository, digest));
    if (manifest === null) known.delete(digest);
    return manifest === null ? undefined : defaultImage(manifest.reading);
  };
  return (address) => {
    const { digest } = address;
    const found = known.get(digest) ?? look(address);
    known.set(digest, found);
    return found.catch((error: unknown) => {
      known.delete(digest);
      throw error;
    });
  };
}
