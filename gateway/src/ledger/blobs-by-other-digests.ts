import { algorithmOf } from "#registry-protocol/digest.js";
import { neededParts } from "#registry-protocol/manifest/needed-parts.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { readStored } from "../upstream/read-stored.js";
import { nextSuspects, type PlacedManifest } from "./sql/other-digests.js";
import { readLiveManifest } from "./sql/store-manifest.js";
import type { ManifestKey } from "./sql/tags-of-manifest.js";

/** Looked at by one statement, which reads their bytes. */
const AT_ONCE = 2_000;

/**
 * Stock registries keep blobs by sha256, and their garbage collection keeps those alone that a manifest names so: what is named by
 * another algorithm goes, although images need it.
 *
 * @param db - ledger
 * @param most - as many are enough
 * @returns manifests that stand, and would lose a layer or their configuration by a collection
 */
export async function manifestsToLoseBlobs(db: Queryable, most: number): Promise<ManifestKey[]> {
  const found: ManifestKey[] = [];
  let after: PlacedManifest | null = null;
  for (;;) {
    const slice: PlacedManifest[] = await nextSuspects(db, after, AT_ONCE);
    for (const one of slice) {
      if (one.isSuspect && (await namesBlobsOtherwise(db, one))) found.push(keyOf(one));
      if (found.length === most) return found;
    }
    after = slice.at(-1) ?? null;
    if (after === null) return found;
  }
}

async function namesBlobsOtherwise(
  db: Queryable,
  { repository, digest }: ManifestKey,
): Promise<boolean> {
  const live = await readLiveManifest(db, repository, digest);
  if (live === null) return false;
  const { reading } = await readStored(live);
  return neededParts(reading).some(
    (part) => part.kind === "blob" && algorithmOf(part.digest) !== "sha256",
  );
}

function keyOf({ repository, digest }: PlacedManifest): ManifestKey {
  return { repository, digest };
}
