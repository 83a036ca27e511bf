import type { AuditActor } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { SharedDatabase, OwnTransaction } from "#service-kit/db/pool.js";
import type { PushCounts } from "./push-counts.js";
import { wantBelow } from "./sql/late-deletions.js";
import { tellReferrer } from "./told-referrers.js";
import { storeManifest } from "./sql/store-manifest.js";
import { childrenOf } from "#registry-protocol/manifest/references.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";

/** What putting a manifest on record needs. */
export interface RecordManifestDeps {
  readonly db: SharedDatabase;
  readonly audit: RecordAudit;
  readonly counts: Pick<PushCounts, "growth">;
}

/** What looking for one at the registry needs, besides. */
export interface RecordFoundDeps extends RecordManifestDeps {
  /** @returns a manifest of the registry, `null` when it has none. @throws Unreadable, or when that cannot be told */
  readonly upstreamManifest: (
    key: { readonly repository: RepositoryName },
    digest: Digest,
  ) => Promise<StoredManifest | null>;
}

/** A manifest, and who pushed it. */
export interface PushedManifest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  readonly actor: AuditActor;
}

/**
 * Keeps a manifest that the registry has under no tag of its push, on record unless it was before: the last of its transaction.
 *
 * @param tx - a transaction
 * @param deps - audit log
 * @param pushed - who pushed it
 * @param manifest - its bytes
 * @param circumstances - how it came about, for the audit log, and whether the registry has just looked for its parts
 */
export async function recordManifest(
  tx: OwnTransaction,
  { audit, counts }: Pick<RecordManifestDeps, "audit" | "counts">,
  { repository, digest, actor }: PushedManifest,
  manifest: StoredManifest,
  { reason, how }: { readonly reason: string; readonly how: "checked" | "found" },
): Promise<void> {
  const [change] = await Promise.all([
    storeManifest(tx, repository, manifest, how),
    wantBelow(tx, repository, childrenOf(manifest.reading)),
  ]);
  if (change === null) return;
  tellReferrer(tx, repository, manifest);
  const what = { action: "manifest.pushed", repository, tag: null, digest } as const;
  tx.endWith(() => audit(tx, { ...what, actor, reason, detail: { change } }));
  if (change === "new") counts.growth(repository, manifest.content.length);
}

/**
 * A push of a tag that is not committed may have left its manifest at the registry, where it can be read by digest:
 * then that goes on record.
 *
 * @param deps - ledger, audit log, registry
 * @param pushed - what was pushed by whom
 * @throws when it cannot be told whether the registry has it, or it cannot be put on record
 */
export async function recordFound(deps: RecordFoundDeps, pushed: PushedManifest): Promise<void> {
  const manifest = await unlessUnreadable(deps.upstreamManifest(pushed, pushed.digest));
  if (manifest === null) return;
  const circumstances = {
    reason: "stored by the registry, without the tag",
    how: "found",
  } as const;
  await deps.db.transaction(
    (tx) => recordManifest(tx, deps, pushed, manifest, circumstances),
    pushed.repository,
  );
}
