import { Fault } from "#registry-protocol/faults.js";
import type { Tag } from "#registry-protocol/tag.js";
import { unmarkDeleting } from "../ledger/sql/delete-manifest.js";
import { buryTogether, releaseTogether, type TagsRemoval } from "../ledger/sql/tags-of-manifest.js";
import { claimWithTags, type ClaimDeps } from "./claim-with-tags.js";
import { putOnRecord, registryDeletesNothing, type DeleteManifestDeps } from "./delete-manifest.js";
import { learnManifests } from "./learn-manifests.js";
import { learnTags } from "./learn-tags.js";
import type { RemovalAnswer } from "./removal-answer.js";

/** What deleting a manifest and its tags needs. */
export interface DeleteWithTagsDeps {
  readonly manifests: DeleteManifestDeps;
  readonly waiting: ClaimDeps["waiting"];
  readonly inUse: ClaimDeps["inUse"];
}

/**
 * Deletes a manifest and all tags that mean it, where each of these may be deleted and nothing else needs it: so do
 * clients that know no other deletion than by digest. Until the registry has answered, the tags are reserved; then all goes on
 * record in one transaction. If this gateway is lost meanwhile, what the registry has by then decides for all of them
 * (`recoverDeletions`). What the manifest points to stays.
 *
 * @param deps - ledger, audit log, registry
 * @param removal - who deletes what
 * @param atRegistry - deletes the manifest there, which takes its tags there along; throws when nobody knows what came of it
 * @throws Fault MANIFEST_NEEDED when something stands in the way, MANIFEST_IN_USE when it is used, MANIFEST_UNKNOWN when
 *   there is no such manifest,
 *   METHOD_UNSUPPORTED when the registry does not delete, UNAVAILABLE when that could not be decided
 */
export async function deleteWithTags(
  { manifests, waiting, inUse }: DeleteWithTagsDeps,
  removal: TagsRemoval,
  atRegistry: () => Promise<RemovalAnswer>,
): Promise<void> {
  const { repository, digest } = removal;
  await learnTags(manifests, repository, digest);
  const unread = await learnManifests(manifests, repository, digest);
  const tags = await claimWithTags({ ...manifests, waiting, inUse }, removal, unread);
  const answer = await atRegistry();
  if (answer === "unsupported") {
    await manifests.db.transaction(async (tx) => {
      await releaseTogether(tx, removal);
      await unmarkDeleting(tx, repository, digest);
    });
    throw registryDeletesNothing();
  }
  await bury(manifests, removal, tags, answer);
}

async function bury(
  deps: DeleteManifestDeps,
  removal: TagsRemoval,
  tags: readonly Tag[],
  answer: RemovalAnswer,
): Promise<void> {
  const { repository, digest, actor } = removal;
  const reason = "deleted with its manifest, on request";
  const entry = { action: "tag.deleted", actor, repository, digest, reason } as const;
  const wasThere = await deps.db.transaction(async (tx) => {
    const buried = await buryTogether(tx, removal, actor.uid);
    if (buried.length < tags.length)
      throw new Fault("UNAVAILABLE", {
        message: "the deletion took longer than its reservation lasted; try again",
      });
    for (const tag of buried) await deps.audit(tx, { ...entry, tag, detail: { registry: answer } });
    return (await putOnRecord(tx, deps, removal, answer)) || tags.length > 0;
  });
  if (!wasThere) throw new Fault("MANIFEST_UNKNOWN", { detail: { name: repository, digest } });
  deps.log.info({ event: "manifest.deleted", repository, digest, tags, actor: actor.uid, answer });
}
