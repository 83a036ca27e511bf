import type { AuditActor } from "#audit-log/entry.js";
import { forgetGateway } from "./sql.js";
import type { SwitchDeps } from "./switch-mode.js";

/**
 * Stops waiting for a gateway that ended without saying so, on record: what it had under way counts as ended.
 *
 * @param deps - ledger and audit log
 * @param gateway - its whole name
 * @param actor - who says that it has ended
 * @throws Fault UNAVAILABLE when that cannot be put on record
 */
export async function forgetOnRecord(
  { db, audit }: SwitchDeps,
  gateway: string,
  actor: AuditActor,
): Promise<void> {
  await db.transaction(async (tx) => {
    if (!(await forgetGateway(tx, gateway))) return;
    const about = { repository: null, tag: null, digest: null } as const;
    const reason = "it has ended without saying so";
    await audit(tx, { action: "gateway.forgotten", actor, ...about, reason, detail: { gateway } });
  });
}
