import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database, Transaction } from "#service-kit/db/pool.js";
import type { Bounds } from "./bounds.js";
import type { EndedWrite } from "./end-write.js";
import { expectNoDeletion } from "./sql/late-deletions.js";
import { settleDeletion } from "./sql/lost-deletions.js";
import { lockForDeletion } from "./sql/manifest-needs.js";
import { endLostManifestPushes } from "./sql/manifest-push.js";
import { isWrittenAtPresent } from "./sql/manifest-writes.js";
import { releaseTogether, type ManifestKey } from "./sql/tags-of-manifest.js";

/** What ending needs. */
export interface EndManifestDeps {
  readonly db: Database;
  readonly audit: RecordAudit;
  readonly bounds: Pick<Bounds, "lateSeconds">;
}

/**
 * Ends what was begun about a manifest and cannot be settled, on record: pushes by its digest, and deletions. Nobody was
 * acknowledged, so the manifest and its tags are what they were. Whoever says so knows that the registry has nothing of it any
 * more; whether the manifest stands is looked at once more all the same.
 *
 * @param deps - ledger, audit log
 * @param key - the manifest
 * @param by - who ends it
 * @returns what came of it
 */
export async function endManifestWrite(
  deps: EndManifestDeps,
  key: ManifestKey,
  by: AuditActor,
): Promise<EndedWrite> {
  return deps.db.transaction(async (tx) => {
    await lockForDeletion(tx, key.repository);
    const ended = await endAll(deps, tx, key);
    for (const detail of ended)
      await deps.audit(tx, {
        ...{ action: "write.ended", actor: by, ...key, tag: null, detail },
        reason: "ended by an operator",
      });
    if (ended.length > 0) return "ended";
    return (await isWrittenAtPresent(tx, key))
      ? "a gateway has it in hand"
      : "nothing is under way";
  });
}

async function endAll({ bounds }: EndManifestDeps, tx: Transaction, key: ManifestKey) {
  const pushes = (await endLostManifestPushes(tx, key)).map(({ uid, requestId }) => {
    return { kind: "manifest-push", begunBy: uid, requestId };
  });
  const { wasNoted } = await settleDeletion(tx, key, null);
  const tags = await releaseTogether(tx, { ...key, expired: !wasNoted });
  const isAwaited = await expectNoDeletion(tx, key, bounds.lateSeconds);
  const hasDeletion = wasNoted || tags.length > 0 || isAwaited;
  return [...pushes, ...(hasDeletion ? [{ kind: "manifest-removal", tags }] : [])];
}
