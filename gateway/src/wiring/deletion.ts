import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { deletion, type Deletion } from "../deletion/deletion.js";
import { deletionRecovery } from "../deletion/recover-deletions.js";
import type { Ledger } from "./ledger.js";
import type { Registry } from "./registry.js";

/**
 * @param deps - ledger, audit log, rules and registry
 * @returns what deletes tags and manifests
 */
export function openDeletion(deps: {
  readonly db: Database;
  readonly log: Logger;
  readonly audit: RecordAudit;
  readonly policy: TagPolicy;
  readonly ledger: Pick<Ledger, "resolver" | "waiting" | "counts" | "pushing" | "inheritance">;
  readonly registry: Pick<Registry, "listing">;
}): Opened & { readonly deletion: Deletion } {
  const { db, log, audit, policy, ledger } = deps;
  const { resolver, waiting, counts, inheritance } = ledger;
  const { upstreamDigest, upstreamManifest } = ledger.pushing;
  const { listing } = deps.registry;
  return {
    deletion: deletion(
      { db, log, audit, policy, resolver, waiting, counts },
      { db, log, audit, policy, listing, inheritance, upstreamDigest, upstreamManifest },
    ),
    parts: [deletionRecovery({ db, log, audit, upstreamManifest })],
  };
}
