import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Ask } from "#service-kit/db/asker.js";
import type { SharedDatabase } from "#service-kit/db/pool.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import { storeManifest } from "../ledger/sql/store-manifest.js";
import type { Upstream } from "../upstream/upstream.js";
import { readManifestFacts, type ManifestFacts } from "./sql/manifest-descriptors.js";

/** What describing manifests needs. */
export interface ManifestFactsDeps {
  readonly db: SharedDatabase;
  readonly ask: Ask;
  readonly manifests: Pick<Upstream, "getManifest">;
}

const AT_ONCE = 16;

/** Of a manifest that the ledger never saw and the registry does not give out any more: RFC 2046 section 4.5.1. */
const UNKNOWN: ManifestFacts = { mediaType: "application/octet-stream", size: 0 };

/**
 * Manifests that the ledger knows by their digests alone, since their tags were found at the registry, are read there first.
 *
 * @param deps - ledger and registry
 * @param repository - a repository
 * @param digests - manifests, as many as are on a page
 * @returns what each is
 * @throws Fault UNAVAILABLE when the ledger cannot be asked, or the registry for what only it has
 */
export async function manifestFacts(
  deps: ManifestFactsDeps,
  repository: RepositoryName,
  digests: readonly Digest[],
): Promise<(digest: Digest) => ManifestFacts> {
  const read = () => deps.ask(() => readManifestFacts(deps.db, repository, digests));
  let known = await read();
  const unseen = [...new Set(digests)].filter((digest) => !known.has(digest));
  if (unseen.length > 0) {
    await someAtOnce(unseen, AT_ONCE, (digest) => learn(deps, repository, digest));
    known = await read();
  }
  return (digest) => known.get(digest) ?? UNKNOWN;
}

async function learn(
  { db, manifests }: ManifestFactsDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<void> {
  const manifest = await unlessUnreadable(manifests.getManifest(repository, digest)).catch(
    (cause: unknown) => {
      throw new Fault("UNAVAILABLE", {
        message: "the registry cannot be asked what its tags mean; try again",
        cause,
      });
    },
  );
  if (manifest !== null) await storeManifest(db, repository, manifest, "found");
}
