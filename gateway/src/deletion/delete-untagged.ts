import type { AuditActor } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { InUseGuard } from "../in-use/guard.js";
import { lockForDeletion, readNeedingTags } from "../ledger/sql/manifest-needs.js";
import { deleteManifest, type DeleteManifestDeps } from "./delete-manifest.js";
import { learnManifests } from "./learn-manifests.js";
import { learnTags } from "./learn-tags.js";
import type { RemovalAnswer } from "./removal-answer.js";

/** A manifest that no tag of the registry names. */
export interface UntaggedManifest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** What becomes of it. */
export type UntaggedOutcome =
  | { readonly outcome: "deleted" }
  /** The registry does not have it any more. */
  | { readonly outcome: "gone" }
  /** By name, those that need it, as many as an error names. */
  | { readonly outcome: "kept"; readonly tags: readonly string[] }
  /** Somebody uses it, as an error says. */
  | { readonly outcome: "used"; readonly why: string };

/** How it is done. */
export interface UntaggedOptions {
  readonly actor: AuditActor;
  /** Nothing is deleted; what would become of each is told. */
  readonly dryRun: boolean;
  /** What keeps those that are used. */
  readonly inUse: InUseGuard;
  /** Deletes a manifest at the registry. @throws when nobody knows what came of it */
  readonly atRegistry: (manifest: UntaggedManifest) => Promise<RemovalAnswer>;
  readonly tell: (manifest: UntaggedManifest, outcome: UntaggedOutcome) => void;
}

/**
 * Deletes manifests that have no tag at the registry, each by the same decision as a `DELETE` of it and on record: what
 * a tag needs in the end, such as the signature of its image, is kept. What each of them points to is learned before the
 * first one goes, since one of them may need another.
 *
 * @param deps - ledger, audit log, registry
 * @param manifests - the manifests
 * @param options - who deletes them, and how
 * @throws Fault UNAVAILABLE when it could not be decided of one; those before it are gone, on record
 */
export async function deleteUntagged(
  deps: DeleteManifestDeps,
  manifests: readonly UntaggedManifest[],
  options: UntaggedOptions,
): Promise<void> {
  const there: UntaggedManifest[] = [];
  for (const manifest of manifests)
    if (await isLearned(deps, manifest)) there.push(manifest);
    else options.tell(manifest, { outcome: "gone" });
  for (const manifest of there) options.tell(manifest, await settle(deps, manifest, options));
}

const MOST_ATTEMPTS = 20;

/** @returns whether the registry has it */
async function isLearned(
  deps: DeleteManifestDeps,
  { repository, digest }: UntaggedManifest,
): Promise<boolean> {
  for (let attempt = 1; ; attempt += 1)
    try {
      await learnManifests(deps, repository, digest);
      return true;
    } catch (error) {
      if (error instanceof Fault && error.code === "MANIFEST_UNKNOWN") return false;
      // Of a large repository not all is learned at once; the next attempt goes on.
      if (!isUnavailable(error) || attempt === MOST_ATTEMPTS) throw error;
    }
}

async function settle(
  deps: DeleteManifestDeps,
  manifest: UntaggedManifest,
  { actor, dryRun, inUse, atRegistry }: UntaggedOptions,
): Promise<UntaggedOutcome> {
  // Operators see all that there is.
  const removal = { ...manifest, actor, seesUsers: true };
  if (dryRun) {
    await learnTags(deps, manifest.repository, manifest.digest);
    const tags = await needingTags(deps, manifest);
    if (tags.length > 0) return { outcome: "kept", tags };
    const used = await inUse.faultOf(deps.db, removal);
    return used === null ? { outcome: "deleted" } : { outcome: "used", why: used.message };
  }
  try {
    await deleteManifest(deps, removal, { inUse, atRegistry: () => atRegistry(manifest) });
    return { outcome: "deleted" };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    if (error.code === "MANIFEST_UNKNOWN") return { outcome: "gone" };
    if (error.code === "MANIFEST_IN_USE") return { outcome: "used", why: error.message };
    if (error.code !== "MANIFEST_NEEDED") throw error;
    return { outcome: "kept", tags: await needingTags(deps, manifest) };
  }
}

const MOST_TAGS = 10;

function needingTags(
  { db }: DeleteManifestDeps,
  { repository, digest }: UntaggedManifest,
): Promise<readonly string[]> {
  return db.transaction(async (tx) => {
    await lockForDeletion(tx, repository);
    return readNeedingTags(tx, repository, digest, MOST_TAGS);
  });
}
