import { algorithmOf } from "#registry-protocol/digest.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { childrenOf } from "#registry-protocol/manifest/references.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { isStandingManifest } from "../ledger/sql/standing-manifest.js";
import type { Upstream } from "../upstream/upstream.js";
import type { WholeAnswer } from "../upstream/whole-request.js";

/** What looking for children needs. */
export interface HeldDeps {
  readonly db: Queryable;
  readonly upstream: Pick<Upstream, "hasManifest">;
}

/**
 * Registries of the line 3 take no index whose children have another digest than sha256, since they know none by it. The ledger
 * does, and gives out what it has: an index of that kind that is pushed by digest is kept by it alone.
 *
 * @param deps - ledger and registry
 * @param repository - where it is pushed
 * @param reading - what is pushed
 * @param answer - the registry's verdict
 * @returns that verdict, or that it is stored where the registry lacks nothing but children that the ledger has
 * @throws when that cannot be told
 */
export async function heldByLedger(
  { db, upstream }: HeldDeps,
  repository: RepositoryName,
  reading: Manifest,
  answer: WholeAnswer,
): Promise<WholeAnswer> {
  const children = childrenOf(reading);
  const isVerdict = answer.status >= 400 && answer.status < 500 && answer.status !== 401;
  if (!isVerdict || children.every((child) => algorithmOf(child) === "sha256")) return answer;
  for (const child of children) {
    const isThere =
      algorithmOf(child) === "sha256"
        ? await upstream.hasManifest(repository, child)
        : await isStandingManifest(db, repository, child);
    if (!isThere) return answer;
  }
  return { status: 201, headers: new Headers(), body: Buffer.alloc(0) };
}
