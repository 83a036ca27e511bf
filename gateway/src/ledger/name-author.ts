import { pushEntry, type SettleDeps } from "./settle.js";
import type { TagClaim } from "./sql/reserve-tag.js";
import { nameAuthor } from "./sql/settle-tag.js";

const REASON = "found at the registry with the same digest before it was pushed";

/**
 * Puts a push on record whose tag was found at the registry with the same digest, so that nobody is named: what is acknowledged
 * has its entry and its event, whoever looked at the registry first.
 *
 * @param deps - ledger and audit log
 * @param push - the push, which changes nothing else
 * @throws Fault UNAVAILABLE when it cannot be put on record
 */
export async function putAuthorOnRecord(
  deps: Pick<SettleDeps, "db" | "audit">,
  push: TagClaim,
): Promise<void> {
  await deps.db.transaction(async (tx) => {
    const since = await nameAuthor(tx, push);
    if (since === null) return;
    const committed = { change: "named", previous: push.digest, since, source: null } as const;
    await deps.audit(tx, pushEntry(push, REASON, committed));
  }, push.repository);
}
