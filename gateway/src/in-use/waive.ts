import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import { putWaiver } from "./sql/waiver.js";

/** Long enough for one deletion and those of its tags, and too short to be forgotten. */
export const WAIVER_SECONDS = 900;

/**
 * Lets a manifest be deleted although it is in use, for a quarter of an hour, on the audit log. Whoever deletes it needs the right
 * to, all the same.
 *
 * @param deps - ledger and audit log
 * @param waived - of what, and why
 * @param actor - who says so: an administrator
 * @returns until when
 * @throws Fault NOT_FOUND when the ledger has no such manifest
 */
export async function waiveUse(
  deps: { readonly db: Database; readonly audit: RecordAudit },
  waived: {
    readonly repository: RepositoryName;
    readonly digest: Digest;
    readonly reason: string;
  },
  actor: AuditActor,
): Promise<Date> {
  const { repository, digest, reason } = waived;
  return deps.db.transaction(async (tx) => {
    const what = { repository, digest, by: actor.uid, reason, seconds: WAIVER_SECONDS };
    const endsAt = await putWaiver(tx, what);
    if (endsAt === null)
      throw new Fault("NOT_FOUND", { message: "there is no such manifest in this repository" });
    const entry = { action: "in-use.waived", actor, repository, tag: null, digest } as const;
    await deps.audit(tx, { ...entry, reason, detail: { endsAt: endsAt.toISOString() } });
    return endsAt;
  }, repository);
}
