import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Logger } from "#service-kit/log.js";
import { lockTagRow } from "./sql/lock-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { onSettledTag, type SettledStateDeps } from "./settled-state.js";

/** What locking needs. */
export interface LockDeps extends SettledStateDeps {
  readonly policy: TagPolicy;
  readonly log: Logger;
  readonly audit: RecordAudit;
}

/**
 * Makes a tag immutable for good, whatever the rules say later. Locking it again changes nothing.
 *
 * @param deps - ledger and audit log
 * @param key - the tag
 * @param actor - who locks it
 * @throws Fault MANIFEST_UNKNOWN when there is no such tag, TAG_FORBIDDEN when it is virtual, UNAVAILABLE when
 *   pushes of it take too long
 */
export async function lockTag(deps: LockDeps, key: TagKey, actor: AuditActor): Promise<void> {
  const { repository, tag } = key;
  if (deps.policy.isVirtual(key))
    throw new Fault("TAG_FORBIDDEN", {
      message: "latest is virtual: lock the tag that it means",
    });
  await onSettledTag(deps, key, async ({ locked }) => {
    if (locked) return true;
    return deps.db.transaction(async (tx) => {
      const digest = await lockTagRow(tx, key, actor.uid);
      if (digest === null) return null;
      const reason = "locked on request";
      const entry = { action: "tag.locked", actor, repository, tag, digest, reason } as const;
      await deps.audit(tx, { ...entry, detail: {} });
      deps.log.info({ event: "tag.locked", repository, tag, digest, actor: actor.uid });
      return true;
    }, repository);
  });
}
