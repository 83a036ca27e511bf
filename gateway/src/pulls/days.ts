import { SYSTEM, type AuditAction } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import { readDayOfPulls } from "#audit-log/sql/pull-days.js";
import { WORK_LOCKS } from "#service-kit/db/locks.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { endDay, forgetDays, lastDayToForget, nextEndedDay } from "./sql/days.js";

/** Ledger and audit log. */
export interface PullDayDeps {
  readonly db: Database;
  readonly audit: RecordAudit;
}

/**
 * Puts on record what the pulls of each day that is over come to, so that nobody can add to them later, nor take any away,
 * without being found out by `verify`. Days without pulls too.
 *
 * @param deps - ledger and audit log
 * @returns how many days
 */
export async function sealDays(deps: PullDayDeps): Promise<number> {
  let days = 0;
  while (await sealOne(deps)) days += 1;
  return days;
}

function sealOne({ db, audit }: PullDayDeps): Promise<boolean> {
  return db.transaction(async (tx) => {
    await tx.query("select pg_advisory_xact_lock($1)", [WORK_LOCKS.pulls]);
    const day = await nextEndedDay(tx);
    if (day === null) return false;
    await endDay(tx, day);
    const found = await readDayOfPulls(tx, day);
    await audit(tx, entryOf("pulls.sealed", "the pulls of a day", { day, ...found }));
    return true;
  });
}

/**
 * Forgets the records of days long ago. That is on record before the first of them goes.
 *
 * @param deps - ledger and audit log
 * @param keepDays - how long they are kept
 */
export async function forgetOldDays({ db, audit }: PullDayDeps, keepDays: number): Promise<void> {
  const through = await db.transaction(async (tx: Queryable) => {
    await tx.query("select pg_advisory_xact_lock($1)", [WORK_LOCKS.pulls]);
    const day = await lastDayToForget(tx, keepDays);
    if (day !== null)
      await audit(
        tx,
        entryOf("pulls.forgotten", "older than they are kept", { through: day, keepDays }),
      );
    return day;
  });
  if (through !== null) while ((await forgetDays(db, through)) > 0);
}

function entryOf(action: AuditAction, reason: string, detail: Readonly<Record<string, unknown>>) {
  return { action, actor: SYSTEM, repository: null, tag: null, digest: null, reason, detail };
}
