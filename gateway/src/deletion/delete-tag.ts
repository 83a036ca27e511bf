import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Logger } from "#service-kit/log.js";
import type { InUseGuard } from "../in-use/guard.js";
import { givingBack } from "../ledger/giving-back.js";
import { releaseUnanswered, type SettleDeps } from "../ledger/settle.js";
import { buryTag } from "../ledger/sql/delete-tag.js";
import { reserveHeld, type TagRemoval } from "../ledger/sql/reserve-held-tag.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { TagRule } from "#tag-policy/tag-rule.js";
import { isDeletable } from "#tag-policy/deletable.js";
import type { Waiting } from "../ledger/waiting.js";
import type { RemovalAnswer } from "./removal-answer.js";
import { whyNotDeletable } from "./kept-manifest.js";
import { deleteUnreadableTag } from "./delete-unreadable-tag.js";
import { onSettledTag, type HeldState, type SettledStateDeps } from "../ledger/settled-state.js";

/** What deleting a tag needs. */
export interface DeleteTagDeps extends SettledStateDeps, SettleDeps {
  readonly policy: TagPolicy;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly waiting: Waiting;
  readonly inUse: InUseGuard;
}

/** Longer than the gateway waits for the registry. */
const LEASE_SECONDS = 60;

/**
 * Deletes a tag. It is reserved meanwhile, so that no push comes between the registry's deletion and the
 * ledger's; its tombstone keeps who, when and what digest.
 *
 * @param deps - ledger, audit log, policy
 * @param removal - who deletes what
 * @param atRegistry - deletes the tag there; throws when nobody knows what came of it
 * @throws Fault MANIFEST_UNKNOWN when there is no such tag, TAG_NOT_DELETABLE when policy keeps it, MANIFEST_IN_USE
 *   when what it means is used, UNAVAILABLE
 *   when that could not be decided; then the tag stands as before
 */
export async function deleteTag(
  deps: DeleteTagDeps,
  removal: TagRemoval,
  atRegistry: () => Promise<RemovalAnswer>,
): Promise<void> {
  const { repository, tag } = removal;
  const rule = deps.policy.ruleFor(repository, tag);
  if (deps.policy.isVirtual(removal)) throw virtual();
  const digest = await onSettledTag(deps, removal, async (held) => {
    if (!isDeletable(rule, held.locked)) throw notDeletable(rule, held.locked);
    const used = await deps.inUse.faultOf(deps.db, { ...removal, digest: held.digest });
    if (used !== null) throw used;
    // Not where somebody has locked it since it was read; then it is read again.
    return givingBack(deps, removal, () =>
      reserveHeld(deps.db, removal, { kind: "removal", leaseSeconds: LEASE_SECONDS }),
    );
  }).catch((error: unknown) => {
    if (error instanceof Fault && error.code === "MANIFEST_UNREADABLE") return null;
    throw error;
  });
  if (digest === null) {
    if (!isDeletable(rule, false)) throw notDeletable(rule, false);
    return deleteUnreadableTag(deps, removal, atRegistry);
  }
  const answer = await atRegistry().catch(async (cause: unknown) => {
    await releaseUnanswered(deps, { ...removal, digest }, "the registry did not delete it");
    throw cause;
  });
  await bury(deps, removal, digest, answer);
}

/**
 * @param deps - ledger, policy
 * @param key - a tag, and who would delete it
 * @returns what {@link deleteTag} would make of it: `absent` when there is no such tag, the fault when policy keeps it, or its use
 * @throws Fault UNAVAILABLE when that could not be decided
 */
export async function mayDeleteTag(
  deps: DeleteTagDeps,
  key: TagKey & Pick<TagRemoval, "actor" | "seesUsers">,
): Promise<"may" | "absent" | Fault> {
  const rule = deps.policy.ruleFor(key.repository, key.tag);
  if (deps.policy.isVirtual(key)) return virtual();
  const decide = (locked: boolean): "may" | Fault =>
    isDeletable(rule, locked) ? "may" : notDeletable(rule, locked);
  const onHeld = async ({ locked, digest }: HeldState): Promise<"may" | Fault> => {
    const decided = decide(locked);
    if (decided !== "may") return decided;
    return (await deps.inUse.faultOf(deps.db, { ...key, digest })) ?? "may";
  };
  return onSettledTag<"may" | Fault>(deps, key, onHeld).catch((error: unknown) => {
    if (!(error instanceof Fault)) throw error;
    if (error.code === "MANIFEST_UNREADABLE") return decide(false);
    if (error.code === "MANIFEST_UNKNOWN") return "absent";
    throw error;
  });
}

function virtual(): Fault {
  return new Fault("TAG_NOT_DELETABLE", {
    message: "latest is virtual: delete the tag that it means",
  });
}

async function bury(
  deps: DeleteTagDeps,
  removal: TagRemoval,
  digest: Digest,
  answer: RemovalAnswer,
): Promise<void> {
  const { repository, tag, actor } = removal;
  const reason = "deleted on request";
  const entry = { action: "tag.deleted", actor, repository, tag, digest, reason } as const;
  await deps.db.transaction(async (tx) => {
    if (!(await buryTag(tx, removal)))
      throw new Fault("UNAVAILABLE", {
        message: "the deletion took longer than its reservation lasted; try again",
      });
    await deps.audit(tx, { ...entry, detail: { registry: answer } });
  }, repository);
  deps.log.info({ event: "tag.deleted", repository, tag, digest, actor: actor.uid, answer });
}

function notDeletable(rule: TagRule, locked: boolean): Fault {
  const why = whyNotDeletable(rule, locked);
  return new Fault("TAG_NOT_DELETABLE", {
    message: `this tag is kept: ${why}`,
    detail: { rule: locked ? "locked" : rule.name },
  });
}
