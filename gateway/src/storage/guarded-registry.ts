import type { RegistryListing } from "#service-kit/http/registry-listing.js";
import type { Upstream } from "../upstream/upstream.js";
import type { StorageWatch } from "./storage-watch.js";

/** The registry as whoever concludes anything from its answers sees it. */
export interface GuardedRegistry {
  readonly upstream: Upstream;
  readonly listing: RegistryListing;
}

/**
 * Of another storage nothing follows: neither that a tag is there nor that it is not, and what was written there was not
 * written. So whatever the registry answers counts only when its storage was seen to be the right one thereafter, or just
 * before. What is written goes to no storage that was not looked at since the registry was started.
 *
 * @param registry - the registry
 * @param watch - knows whether it has its storage
 * @returns the registry; all that is asked of it throws Fault UNAVAILABLE while its storage is in doubt
 */
export function guardedRegistry(
  { upstream, listing }: GuardedRegistry,
  watch: Pick<StorageWatch, "sure" | "beforeWrite">,
): GuardedRegistry {
  const sure = async <T>(answer: Promise<T>): Promise<T> => {
    const said = await answer;
    await watch.sure();
    return said;
  };
  const written = async <T>(write: () => Promise<T>): Promise<T> => {
    await watch.beforeWrite();
    return sure(write());
  };
  return {
    upstream: {
      ...upstream,
      digestOfTag: (...of) => sure(upstream.digestOfTag(...of)),
      getManifest: (...of) => sure(upstream.getManifest(...of)),
      hasManifest: (...of) => sure(upstream.hasManifest(...of)),
      blobSize: (...of) => sure(upstream.blobSize(...of)),
      putManifest: (...of) => written(() => upstream.putManifest(...of)),
      deleteManifest: (...of) => written(() => upstream.deleteManifest(...of)),
    },
    listing: {
      repositories: (signal) => sureOf(listing.repositories(signal), watch),
      tags: (repository, signal) => sureOf(listing.tags(repository, signal), watch),
    },
  };
}

/** A list says also what is not on it: it counts when it has been read to its end. */
async function* sureOf(
  pages: AsyncGenerator<string[]>,
  watch: Pick<StorageWatch, "sure">,
): AsyncGenerator<string[]> {
  for await (const page of pages) {
    await watch.sure();
    yield page;
  }
  await watch.sure();
}
