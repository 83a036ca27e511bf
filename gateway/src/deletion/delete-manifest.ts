import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database, Transaction } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { InUseGuard } from "../in-use/guard.js";
import { buryManifest, markDeleting, unmarkDeleting } from "../ledger/sql/delete-manifest.js";
import { lockForDeletion, readNeedingTags } from "../ledger/sql/manifest-needs.js";
import type { RemovalAnswer } from "./removal-answer.js";
import { changing, hasUnknown, learnManifests, type LearnDeps } from "./learn-manifests.js";
import { MOST_NAMED, neededManifest } from "./kept-manifest.js";
import { learnTags, type LearnTagsDeps } from "./learn-tags.js";

/** What deleting a manifest needs. */
export interface DeleteManifestDeps extends LearnDeps, LearnTagsDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
}

/** A manifest that is to go. */
export interface ManifestRemoval {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly actor: AuditActor;
  /** Whether they may push there, and so be told who pulls; absent: no. */
  readonly seesUsers?: boolean;
  /** Why; absent: somebody asked for it. */
  readonly reason?: string;
}

/** How a manifest is deleted. */
export interface ManifestErrand {
  /** What keeps those that are used. */
  readonly inUse: InUseGuard;
  /** Deletes the manifest at the registry. @throws when nobody knows what came of it */
  readonly atRegistry: () => Promise<RemovalAnswer>;
}

/**
 * Deletes a manifest that no tag needs any more. The decision is taken under a lock that commits of pushes to
 * the repository share: one that comes before it is seen by it, and one that comes after it sees the note that
 * is left here and is not committed (`lockAndFindDeleted`).
 *
 * @param deps - ledger, audit log, registry
 * @param removal - who deletes what
 * @param errand - how
 * @throws Fault MANIFEST_NEEDED when tags need it, MANIFEST_IN_USE when it is used, MANIFEST_UNKNOWN when there is none, METHOD_UNSUPPORTED when
 *   the registry does not delete, UNAVAILABLE when that could not be decided
 */
export async function deleteManifest(
  deps: DeleteManifestDeps,
  removal: ManifestRemoval,
  { inUse, atRegistry }: ManifestErrand,
): Promise<void> {
  const { repository, digest } = removal;
  await learnTags(deps, repository, digest);
  const unread = await learnManifests(deps, repository, digest);
  await deps.db.transaction(async (tx) => {
    await lockForDeletion(tx, repository);
    if (await hasUnknown(tx, repository, digest, unread)) throw changing();
    const tags = await readNeedingTags(tx, repository, digest, MOST_NAMED + 1);
    if (tags.length > 0) throw neededManifest(tags);
    const used = await inUse.faultOf(tx, removal);
    if (used !== null) throw used;
    await markDeleting(tx, repository, digest, removal.actor);
  });
  const answer = await atRegistry();
  if (answer === "unsupported") {
    await unmarkDeleting(deps.db, repository, digest);
    throw registryDeletesNothing();
  }
  await bury(deps, removal, answer);
}

async function bury(
  deps: DeleteManifestDeps,
  removal: ManifestRemoval,
  answer: RemovalAnswer,
): Promise<void> {
  const { repository, digest, actor } = removal;
  const wasThere = await deps.db.transaction((tx) => putOnRecord(tx, deps, removal, answer));
  if (!wasThere) throw new Fault("MANIFEST_UNKNOWN", { detail: { name: repository, digest } });
  deps.log.info({ event: "manifest.deleted", repository, digest, actor: actor.uid, answer });
}

/**
 * Puts a tombstone on a manifest and an entry on record.
 *
 * @param tx - transaction
 * @param deps - audit log
 * @param removal - who deletes what
 * @param answer - what the registry made of it
 * @returns whether there was anything to delete, at the registry or in the ledger
 */
export async function putOnRecord(
  tx: Transaction,
  { audit }: Pick<DeleteManifestDeps, "audit">,
  { repository, digest, actor, reason = "deleted on request" }: ManifestRemoval,
  answer: RemovalAnswer,
): Promise<boolean> {
  const wasAtRegistry = answer === "deleted";
  const buried = { repository, digest, by: actor.uid, wasAtRegistry };
  // One that the registry could not read the ledger does not have.
  if (!(await buryManifest(tx, buried)) && !wasAtRegistry) return false;
  const entry = { actor, repository, tag: null, digest, reason };
  await audit(tx, { ...entry, action: "manifest.deleted", detail: { registry: answer } });
  return true;
}

/** @returns the fault where the registry deletes nothing */
export function registryDeletesNothing(): Fault {
  return new Fault("METHOD_UNSUPPORTED", { message: "the registry's own deletion is off" });
}
