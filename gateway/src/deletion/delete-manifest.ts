import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { buryManifest, markDeleting, unmarkDeleting } from "../ledger/sql/delete-manifest.js";
import { lockForDeletion, readNeedingTags } from "../ledger/sql/manifest-needs.js";
import type { RemovalAnswer } from "./removal-answer.js";
import { hasUnknown, learnManifests, type LearnDeps } from "./learn-manifests.js";
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
}

/** As many tags as an error names. */
const MOST_TAGS = 10;

/**
 * Deletes a manifest that no tag needs any more. The decision is taken under a lock that commits of pushes to
 * the repository share: one that comes before it is seen by it, and one that comes after it sees the note that
 * is left here and is not committed (`lockAndFindDeleted`).
 *
 * @param deps - ledger, audit log, registry
 * @param removal - who deletes what
 * @param atRegistry - deletes the manifest there; throws when nobody knows what came of it
 * @throws Fault MANIFEST_NEEDED when tags need it, MANIFEST_UNKNOWN when there is none, METHOD_UNSUPPORTED when
 *   the registry does not delete, UNAVAILABLE when that could not be decided
 */
export async function deleteManifest(
  deps: DeleteManifestDeps,
  removal: ManifestRemoval,
  atRegistry: () => Promise<RemovalAnswer>,
): Promise<void> {
  const { repository, digest } = removal;
  await learnTags(deps, repository, digest);
  const unread = await learnManifests(deps, repository, digest);
  await deps.db.transaction(async (tx) => {
    await lockForDeletion(tx, repository);
    if (await hasUnknown(tx, repository, digest, unread))
      throw new Fault("UNAVAILABLE", { message: "the repository is changing; try again" });
    const tags = await readNeedingTags(tx, repository, digest, MOST_TAGS + 1);
    if (tags.length > 0) throw needed(tags);
    await markDeleting(tx, repository, digest, removal.actor);
  });
  const answer = await atRegistry();
  if (answer === "unsupported") {
    await unmarkDeleting(deps.db, repository, digest);
    throw new Fault("METHOD_UNSUPPORTED", { message: "the registry's own deletion is off" });
  }
  await bury(deps, removal, answer);
}

async function bury(
  deps: DeleteManifestDeps,
  { repository, digest, actor }: ManifestRemoval,
  answer: RemovalAnswer,
): Promise<void> {
  const reason = "deleted on request";
  const entry = {
    action: "manifest.deleted",
    actor,
    repository,
    tag: null,
    digest,
    reason,
  } as const;
  const wasThere = await deps.db.transaction(async (tx) => {
    const wasAtRegistry = answer === "deleted";
    const buried = { repository, digest, by: actor.uid, wasAtRegistry };
    // One that the registry could not read the ledger does not have.
    if (!(await buryManifest(tx, buried)) && !wasAtRegistry) return false;
    await deps.audit(tx, { ...entry, detail: { registry: answer } });
    return true;
  });
  if (!wasThere) throw new Fault("MANIFEST_UNKNOWN", { detail: { name: repository, digest } });
  deps.log.info({ event: "manifest.deleted", repository, digest, actor: actor.uid, answer });
}

function needed(tags: readonly string[]): Fault {
  const named = tags.slice(0, MOST_TAGS);
  const more = tags.length > MOST_TAGS ? " and more" : "";
  return new Fault("MANIFEST_NEEDED", {
    message: `tags still need this manifest: ${named.join(", ")}${more}`,
    detail: { tags: named, more: more !== "" },
  });
}
