import type { RecordAudit } from "#audit-log/record-audit.js";
import type { Database } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { Opened } from "#service-kit/run-until-signal.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import { deletion, type Deletion } from "../deletion/deletion.js";
import type { DeleteManifestDeps } from "../deletion/delete-manifest.js";
import type { UntaggedManifest } from "../deletion/delete-untagged.js";
import { manifestRemovedBy, type RemovalAnswer } from "../deletion/removal-answer.js";
import type { GatewayConfig } from "../config/config.js";
import { inUseGuard, type InUseGuard } from "../in-use/guard.js";
import { latestInheritance } from "../latest/inherit-latest.js";
import { readManifest } from "../ledger/sql/store-manifest.js";
import { registryReader, type RegistryReaderDeps } from "../scm/registry-reader.js";
import { deletionRecovery } from "../deletion/recover-deletions.js";
import type { Ledger } from "./ledger.js";
import type { Registry } from "./registry.js";
import { tagDigest } from "../upstream/tag-digest.js";

/**
 * @param config - how long use keeps manifests
 * @param deps - ledger, audit log, rules and registry
 * @returns what deletes tags and manifests
 */
export function openDeletion(
  config: Pick<GatewayConfig, "keepInUseDays">,
  deps: {
    readonly db: Database;
    readonly log: Logger;
    readonly audit: RecordAudit;
    readonly policy: TagPolicy;
    readonly ledger: Pick<Ledger, "resolver" | "waiting" | "counts" | "pushing" | "inheritance">;
    readonly registry: Pick<Registry, "listing">;
  },
): Opened & { readonly deletion: Deletion } {
  const { db, log, audit, policy, ledger } = deps;
  const { resolver, waiting, counts, inheritance } = ledger;
  const { upstreamDigest, upstreamManifest } = ledger.pushing;
  const { listing } = deps.registry;
  const inUse = inUseGuard(config.keepInUseDays);
  return {
    deletion: deletion(
      { db, log, audit, policy, resolver, waiting, counts, inUse },
      {
        manifests: {
          db,
          log,
          audit,
          policy,
          listing,
          inheritance,
          upstreamDigest,
          upstreamManifest,
        },
        waiting,
        inUse,
      },
    ),
    parts: [deletionRecovery({ db, log, audit, upstreamManifest, bounds: waiting.bounds })],
  };
}

/** Deletion of manifests by a command. */
export interface ManifestDeletion {
  readonly deps: DeleteManifestDeps;
  readonly inUse: InUseGuard;
  /** @returns what the registry made of it. @throws Fault UNAVAILABLE when nobody knows */
  atRegistry(manifest: UntaggedManifest, requestId: string): Promise<RemovalAnswer>;
}

/**
 * @param config - how long use keeps manifests
 * @param deps - ledger, audit log, rules and registry
 * @returns what a command needs that deletes manifests
 */
export function openDeletionOfManifests(
  config: Pick<GatewayConfig, "keepInUseDays">,
  deps: {
    readonly db: Database;
    readonly log: Logger;
    readonly audit: RecordAudit;
    readonly policy: TagPolicy;
    readonly registry: Registry;
  },
): ManifestDeletion {
  const { db, log, audit, policy, registry } = deps;
  const { upstream, listing, authorization, url: registryUrl } = registry;
  const upstreamDigest = tagDigest(upstream);
  const upstreamManifest: DeleteManifestDeps["upstreamManifest"] = ({ repository }, digest) =>
    upstream.getManifest(repository, digest);
  const keptManifest: RegistryReaderDeps["keptManifest"] = (repository, digest) =>
    readManifest(db, repository, digest);
  const reader = registryReader({ keptManifest, registryUrl, authorization, upstreamManifest });
  const inheritance = latestInheritance({ db, log, audit, upstreamDigest, listing, reader });
  return {
    deps: {
      db,
      log,
      audit,
      policy,
      listing,
      inheritance,
      upstreamDigest,
      upstreamManifest,
    },
    inUse: inUseGuard(config.keepInUseDays),
    atRegistry: ({ repository, digest }, requestId) => {
      const errand = { subject: "", clientAddress: "", requestId };
      return manifestRemovedBy(() => upstream.deleteManifest(repository, { digest }, errand));
    },
  };
}
