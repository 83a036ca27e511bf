import type { AuditActor } from "#audit-log/entry.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { endUndecided, type EndDeps } from "./end-undecided.js";
import { takeOverExpired } from "./sql/reserve-tag.js";
import { readTagState } from "./sql/read-tag.js";
import { expectNoMore } from "./sql/unanswered-writes.js";

/** What came of an operator's wish to end what is under way. */
export type EndedWrite = "ended" | "nothing is under way" | "a gateway has it in hand";

const LEASE_SECONDS = 60;

/**
 * Ends what was begun about a tag and cannot be settled, on record. Nothing more of it is waited for, since whoever says so
 * knows that the registry has nothing of it any more; what it is there is looked at once more all the same.
 *
 * @param deps - ledger, audit log
 * @param key - the tag
 * @param options - who ends it, and the id of a reservation
 * @returns what came of it
 */
export async function endWrite(
  deps: EndDeps,
  key: TagKey,
  { by, reservation }: { readonly by: AuditActor; readonly reservation: string },
): Promise<EndedWrite> {
  const claim = await takeOverExpired(deps.db, key, { reservation, leaseSeconds: LEASE_SECONDS });
  const reason = "ended by an operator";
  if (claim !== null) await endUndecided(deps, claim, by, reason);
  else if ((await readTagState(deps.db, key)).kind === "reserved")
    return "a gateway has it in hand";
  const { repository, tag } = key;
  const expected = await deps.db.transaction(async (tx) => {
    const digests = await expectNoMore(tx, key);
    if (claim !== null) return digests;
    for (const digest of digests)
      await deps.audit(tx, {
        ...{ action: "write.ended", actor: by, repository, tag, digest, reason },
        detail: { kind: "unanswered" },
      });
    return digests;
  }, repository);
  return claim === null && expected.length === 0 ? "nothing is under way" : "ended";
}
