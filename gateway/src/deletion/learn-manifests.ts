import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { readUnknownManifests, type UnknownManifest } from "../ledger/sql/manifest-needs.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { storeManifest } from "../ledger/sql/store-manifest.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { readStored } from "../upstream/read-stored.js";

/** What learning needs. */
export interface LearnDeps {
  readonly db: Database;
  /** @returns a manifest of the registry, `null` when it has none. @throws when that cannot be told */
  readonly upstreamManifest: (
    key: Pick<TagKey, "repository">,
    digest: Digest,
  ) => Promise<StoredManifest | null>;
}

const BATCH = 16;
/** What one deletion reads at most; the next attempt goes on from there. */
const MOST_MANIFESTS = 480;

/**
 * Before anything is deleted, the ledger has to know what the repository's tags need. Manifests that came in
 * before the ledger did, or past it, are read from the registry and kept.
 *
 * @param deps - ledger and registry
 * @param repository - the repository
 * @param digest - the manifest that is to be deleted
 * @returns digests of manifests that the registry does not have: an index may name such
 * @throws Fault MANIFEST_UNKNOWN when the registry does not have the manifest itself, UNAVAILABLE when there is
 *   more to read than one attempt does
 */
export async function learnManifests(
  deps: LearnDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<Digest[]> {
  const absent: Digest[] = [];
  for (let read = 0; read < MOST_MANIFESTS; read += BATCH) {
    const options = { also: digest, absent, limit: BATCH };
    const unknown = await readUnknownManifests(deps.db, repository, options);
    if (unknown.length === 0) return absent;
    const found = await Promise.all(unknown.map((one) => learn(deps, repository, one)));
    absent.push(...unknown.filter((_one, i) => !found[i]).map((one) => one.digest));
    if (absent.includes(digest))
      throw new Fault("MANIFEST_UNKNOWN", { detail: { name: repository, digest } });
  }
  throw new Fault("UNAVAILABLE", {
    message: "what the repository's tags need is still being read; try again",
  });
}

/**
 * @param tx - transaction that decides on a deletion
 * @param repository - the repository
 * @param digest - the manifest that is to be deleted
 * @param absent - manifests that the registry does not have
 * @returns whether something came in since {@link learnManifests} that the ledger has not read
 */
export async function hasUnknown(
  tx: Queryable,
  repository: RepositoryName,
  digest: Digest,
  absent: readonly Digest[],
): Promise<boolean> {
  const options = { also: digest, absent, limit: 1 };
  return (await readUnknownManifests(tx, repository, options)).length > 0;
}

async function learn(
  deps: LearnDeps,
  repository: RepositoryName,
  { digest, content, mediaType }: UnknownManifest,
): Promise<boolean> {
  const manifest =
    content !== null && mediaType !== null
      ? await readStored({ digest, content, mediaType })
      : await fromRegistry(deps, repository, digest);
  if (manifest === null) return false;
  await storeManifest(deps.db, repository, manifest, "found");
  return true;
}

async function fromRegistry(
  deps: LearnDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<StoredManifest | null> {
  return deps.upstreamManifest({ repository }, digest).catch((cause: unknown) => {
    throw new Fault("UNAVAILABLE", {
      message: "the registry cannot be asked what its tags need; try again",
      cause,
    });
  });
}
