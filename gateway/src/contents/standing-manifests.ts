import type { Digest } from "#registry-protocol/digest.js";
import type { StandingManifest } from "#registry-protocol/manifest/manifest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { readLiveManifest, readManifest } from "../ledger/sql/store-manifest.js";
import type { ImageReader } from "../scm/find-source.js";
import { readStored } from "../upstream/read-stored.js";

/**
 * @param db - ledger
 * @param reader - reads what the ledger never saw
 * @returns reads a manifest; `null` when there is none, or it was deleted
 */
export function standingManifests(
  db: Queryable,
  reader: Pick<ImageReader, "manifest">,
): (repository: RepositoryName, digest: Digest) => Promise<StandingManifest | null> {
  return async (repository, digest) => {
    const live = await readLiveManifest(db, repository, digest);
    if (live !== null) return (await readStored(live)).reading;
    // What was deleted is kept, and not shown any more.
    if ((await readManifest(db, repository, digest)) !== null) return null;
    return reader.manifest(repository, digest);
  };
}
