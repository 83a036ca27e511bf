import type { AuditActor } from "#audit-log/entry.js";
import { describeClaim, type SettleDeps } from "./settle.js";
import type { LostClaim } from "./sql/reserve-tag.js";
import { releaseTag } from "./sql/settle-tag.js";
import { noteUnanswered } from "./sql/unanswered-writes.js";

/** What ending needs. */
export type EndDeps = Pick<SettleDeps, "db" | "log" | "audit" | "counts" | "waiting">;

/**
 * Ends a reservation whose outcome cannot be told, on record: nobody was acknowledged, so the tag is what it was. What the
 * registry may still do of it is looked for (`gateway/src/unanswered`).
 *
 * @param deps - ledger and audit log
 * @param claim - the reservation, which is ours
 * @param by - who ends it
 * @param reason - why
 * @returns whether it was still there to be ended
 */
export async function endUndecided(
  { db, log, audit, counts, waiting }: EndDeps,
  claim: LostClaim,
  by: AuditActor,
  reason: string,
): Promise<boolean> {
  const { repository, tag, digest, kind, actor } = claim;
  const ended = await db.transaction(async (tx) => {
    if (!(await releaseTag(tx, claim))) return false;
    await noteUnanswered(tx, claim, {
      lateSeconds: Math.max(waiting.bounds.lateSeconds - claim.openSeconds, 0),
      wasFree: false,
    });
    const detail = { kind, begunBy: actor.uid, requestId: actor.requestId };
    await audit(tx, { action: "write.ended", actor: by, repository, tag, digest, reason, detail });
    return true;
  }, repository);
  if (!ended) return false;
  counts.step("ended");
  log.error({ event: "write.ended", kind, ...describeClaim(claim), by: by.uid, reason });
  return true;
}
