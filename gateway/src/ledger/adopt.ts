import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { adoptTag } from "./sql/read-tag.js";
import type { TagKey } from "./sql/reserve-tag.js";

/** What adopting needs. */
export interface AdoptDeps {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: (tx: Queryable, entry: AuditEntry) => Promise<void>;
}

/**
 * Takes a tag that stands at the registry into the ledger, on record. A tag that the ledger knows, or that
 * is being pushed, stays as it is.
 *
 * @param deps - ledger and audit log
 * @param key - the tag
 * @param digest - what it means at the registry
 * @param reason - how it was found, for the audit log
 * @returns whether it was new to the ledger
 */
export async function adopt(
  deps: AdoptDeps,
  { repository, tag }: TagKey,
  digest: Digest,
  reason: string,
): Promise<boolean> {
  return deps.db.transaction(async (tx) => {
    if (!(await adoptTag(tx, { repository, tag }, digest))) return false;
    const entry = {
      action: "tag.adopted",
      actor: SYSTEM,
      repository,
      tag,
      digest,
      reason,
    } as const;
    await deps.audit(tx, { ...entry, detail: {} });
    deps.log.info({ event: "tag.adopted", repository, tag, digest, reason });
    return true;
  });
}
