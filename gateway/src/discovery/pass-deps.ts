import type { AdoptDeps } from "../ledger/adopt.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { Upstream } from "../upstream/upstream.js";
import type { UpstreamAuthorization } from "../upstream/upstream-token.js";
import { readMode } from "../mode/sql.js";
import type { PassDeps } from "./pass.js";
import { registryListing } from "../upstream/registry-listing.js";
import { repairTag, type RepairDeps } from "../drift/repair-tag.js";

/** What discovery is made of: what the gateway has anyway. */
export interface DiscoveryParts extends AdoptDeps {
  readonly policy: TagPolicy;
  readonly registryUrl: string;
  readonly authorization: UpstreamAuthorization;
  readonly upstream: Upstream;
  readonly newReservation: () => string;
  /** Current time in milliseconds. */
  readonly now: () => number;
}

/**
 * @param parts - ledger and registry
 * @returns what a pass works with
 */
export function passDeps(parts: DiscoveryParts): PassDeps {
  const { db, log, audit, upstream } = parts;
  const repairs: RepairDeps = {
    db,
    log,
    audit,
    newReservation: parts.newReservation,
    upstreamDigest: ({ repository, tag }) => upstream.digestOfTag(repository, tag),
    upstreamManifest: ({ repository }, digest) => upstream.getManifest(repository, digest),
    putManifest: async ({ repository, tag }, { content, mediaType }, requestId) => {
      const errand = { subject: "", clientAddress: "", requestId };
      const reference = { tag };
      const put = { repository, reference, content, mediaType, ...errand };
      return (await upstream.putManifest(put)).status;
    },
    mayWrite: async () => (await readMode(db)).name === "normal",
  };
  return {
    db,
    log,
    audit,
    policy: parts.policy,
    now: parts.now,
    listing: registryListing(parts.registryUrl, parts.authorization),
    upstreamDigest: repairs.upstreamDigest,
    repair: (seen, reason) => repairTag(repairs, seen, reason),
  };
}
