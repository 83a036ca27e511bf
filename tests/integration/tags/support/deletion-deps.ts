import { recordAudit } from "#audit-log/record-audit.js";
import type { DeleteManifestDeps } from "#gateway/deletion/delete-manifest.js";
import { readStored } from "#gateway/upstream/read-stored.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import type { Database } from "#service-kit/db/pool.js";
import { compileTagPolicy } from "#tag-policy/tag-policy.js";
import { SILENT } from "#tests/support/ledger.js";
import type { TestManifest } from "./manifests.js";

/**
 * @param manifest - as it is pushed
 * @returns it as it is read from the registry
 */
export function storedOf({ text, digest, mediaType }: TestManifest): Promise<StoredManifest> {
  return readStored({ digest, mediaType, content: Buffer.from(text) });
}

/**
 * @param db - the ledger's
 * @param upstreamManifest - what the registry has; it lists no tags
 * @returns what deletions need, in front of a registry that is made up; tags `kept-…` do not change
 */
export function deletionDeps(
  db: Database,
  upstreamManifest: DeleteManifestDeps["upstreamManifest"],
): DeleteManifestDeps {
  const policy = compileTagPolicy([
    { id: "kept", effect: "immutable", tags: ["kept-*"] },
    { id: "all", effect: "mutable" },
  ]);
  return {
    ...{ db, log: SILENT, audit: recordAudit, policy, upstreamManifest },
    inheritance: { recordOwn: () => Promise.resolve() },
    listing: {
      tags: async function* () {
        await Promise.resolve();
        yield [];
      },
    },
    upstreamDigest: () => Promise.resolve(null),
  };
}
