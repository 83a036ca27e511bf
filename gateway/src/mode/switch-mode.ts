import type { AuditActor, AuditEntry } from "#audit-log/entry.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { forgetCanary } from "./canary-sql.js";
import type { ModeName } from "./mode.js";
import { readMode, writeMode } from "./sql.js";

/** What switching needs. */
export interface SwitchDeps {
  readonly db: Database;
  readonly audit: (tx: Queryable, entry: AuditEntry) => Promise<void>;
}

/** A change of the mode. */
export interface ModeChange {
  readonly mode: ModeName;
  readonly reason: string;
  readonly actor: AuditActor;
  /** How long uploads that have begun may go on. */
  readonly drainSeconds: number;
}

/**
 * Changes the mode of all gateways, on record. They follow within seconds.
 *
 * @param deps - ledger and audit log
 * @param change - what it is to be, why, and by whom
 * @returns whether it was otherwise before
 * @throws Fault UNAVAILABLE when it cannot be changed
 */
export async function switchMode(
  { db, audit }: SwitchDeps,
  { mode, reason, actor, drainSeconds }: ModeChange,
): Promise<boolean> {
  return db.transaction(async (tx) => {
    const before = await readMode(tx);
    if (mode === "normal" && before.name === "normal") return false;
    const changed = await writeMode(tx, { mode, reason, by: actor.uid, drainSeconds });
    if (!changed) return false;
    if (mode === "normal") await forgetCanary(tx);
    const nothing = { repository: null, tag: null, digest: null };
    const detail = { mode, before: before.name, ...(mode === "normal" ? {} : { drainSeconds }) };
    await audit(tx, { action: "mode.changed", actor, ...nothing, reason, detail });
    return true;
  });
}
