import type { RecordAudit } from "#audit-log/record-audit.js";
import { digestOf } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { givingBack } from "../ledger/giving-back.js";
import { releasePush, releaseUnanswered, type SettleDeps } from "../ledger/settle.js";
import type { TagRemoval } from "../ledger/sql/reserve-held-tag.js";
import { releaseTag } from "../ledger/sql/settle-tag.js";
import { reserveTag } from "../ledger/sql/reserve-tag.js";
import type { RemovalAnswer } from "./removal-answer.js";

/** What deleting such a tag needs. */
export interface DeleteUnreadableDeps extends SettleDeps {
  readonly audit: RecordAudit;
}

/** Longer than the gateway waits for the registry. */
const LEASE_SECONDS = 60;
/** Stands for a digest that nobody can tell; no manifest is empty. */
const NO_DIGEST = digestOf(Buffer.alloc(0));

/**
 * Deletes a tag that only the registry knows, and cannot read. What it means cannot be told, so there is no tombstone:
 * nobody could have got anything by it. Its name is reserved meanwhile, so that no push comes between.
 *
 * @param deps - ledger, audit log
 * @param removal - who deletes what; the rule lets them
 * @param atRegistry - deletes the tag there; throws when nobody knows what came of it
 * @throws Fault METHOD_UNSUPPORTED when the registry (2.8) deletes no tags, UNAVAILABLE when that could not be decided
 */
export async function deleteUnreadableTag(
  deps: DeleteUnreadableDeps,
  removal: TagRemoval,
  atRegistry: () => Promise<RemovalAnswer>,
): Promise<void> {
  const { repository, tag, actor } = removal;
  const claim = { ...removal, digest: NO_DIGEST };
  const options = { leaseSeconds: LEASE_SECONDS, mutable: false };
  const reserved = await givingBack(deps, claim, () => reserveTag(deps.db, claim, options));
  if (reserved !== "new") {
    if (reserved !== null) await releasePush(deps, claim, "somebody else was faster");
    throw new Fault("UNAVAILABLE", { message: "somebody is writing this tag; try again" });
  }
  const answer = await atRegistry().catch(async (cause: unknown) => {
    await releaseUnanswered(deps, claim, "the registry did not delete it");
    throw cause;
  });
  if (answer === "unsupported") {
    await releasePush(deps, claim, "the registry deletes no tags");
    throw new Fault("METHOD_UNSUPPORTED", {
      message:
        "the registry cannot read what this tag means, and does not delete tags: delete the manifest by its digest",
    });
  }
  const what = { action: "tag.deleted", actor, repository, tag, digest: null } as const;
  const reason = "deleted on request; the registry could not read what it meant";
  await deps.db.transaction(async (tx) => {
    await releaseTag(tx, claim);
    await deps.audit(tx, { ...what, reason, detail: { registry: answer } });
  }, repository);
  deps.log.info({ event: "tag.deleted", repository, tag, actor: actor.uid, answer });
}
