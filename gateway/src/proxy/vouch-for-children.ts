import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Manifest } from "#registry-protocol/manifest/manifest.js";
import { childrenOf } from "#registry-protocol/manifest/references.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database } from "#service-kit/db/pool.js";
import { refuseGone } from "../ledger/client-gone.js";
import { readUnchecked } from "../ledger/sql/manifest-needs.js";
import { storeManifest } from "../ledger/sql/store-manifest.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { lookForCache } from "./look-for-cache.js";
import { lookForLayers } from "./look-for-layers.js";
import { refusedUrls } from "./refused-urls.js";
import type { ExchangeOf } from "./exchange.js";
import { MAX_MANIFEST_BYTES } from "./manifest-body.js";
import { missingParts } from "../upstream/missing-parts.js";
import type { Errand, Upstream } from "../upstream/upstream.js";

/** What vouching needs. */
export interface VouchDeps {
  readonly db: Database;
  readonly upstream: Upstream;
}

const LACKING = "the registry does not have all that it needs";
/** What one push looks at; the next one goes on from there. */
const MOST_LOOKED_AT = 480;

/** One push, and how much it may still look at. */
interface Looking extends Errand {
  readonly repository: RepositoryName;
  readonly gone: AbortSignal;
  left: number;
}

/**
 * A registry 2.8 takes a blob for a manifest: it lets an index name one, gives it out as one, and has never looked for
 * its layers. So what the ledger does not know to have been pushed as a manifest is pushed as one here, by its own
 * digest, before an index may name it: the registry then looks for all that it needs.
 *
 * @param deps - ledger and registry
 * @param exchange - the push
 * @param manifest - what is pushed
 * @param gone - aborted when the client has gone
 * @throws Fault MANIFEST_PART_UNKNOWN when something is missing at any depth below it, MANIFEST_INVALID when a child is
 *   no manifest that everybody reads in the same way, UNAVAILABLE when that cannot be told now
 */
export async function vouchForChildren(
  deps: VouchDeps,
  { request, caller, context }: ExchangeOf<"manifest.put-by-tag" | "manifest.put-by-digest">,
  manifest: Manifest,
  gone: AbortSignal,
): Promise<void> {
  const { requestId, client } = context;
  const errand = { subject: caller.subject, clientAddress: client.address, requestId };
  const { repository } = request;
  await vouchForAll(
    deps,
    { ...errand, repository, gone, left: MOST_LOOKED_AT },
    childrenOf(manifest),
  );
}

async function vouchForAll(
  deps: VouchDeps,
  looking: Looking,
  children: readonly Digest[],
): Promise<void> {
  if (children.length === 0) return;
  const unchecked = await readUnchecked(deps.db, looking.repository, children, looking.left + 1);
  for (const digest of unchecked) {
    refuseGone(looking.gone);
    looking.left -= 1;
    if (looking.left < 0)
      throw new Fault("UNAVAILABLE", {
        message: "the manifests that the index names are still being looked at; push again",
      });
    await vouchFor(deps, looking, digest);
  }
}

async function vouchFor(deps: VouchDeps, looking: Looking, digest: Digest): Promise<void> {
  const manifest = await findManifest(deps, looking, digest);
  const { reading } = manifest;
  if (reading.kind === "unclear") throw noManifest(digest, reading.reason);
  await vouchForAll(deps, looking, childrenOf(reading));
  const { repository } = looking;
  // Its own children the ledger knows by now, and the registry may have lost one; images it looks through itself.
  const lost = reading.kind === "index" ? await lostOf(deps, repository, reading) : [];
  if (lost.length > 0) throw missing(digest, LACKING);
  const { content, mediaType } = manifest;
  await lookForLayers(deps.upstream, repository, reading);
  await lookForCache(deps.upstream, repository, reading);
  const put = { ...looking, reference: { digest }, content, mediaType };
  const answer = await deps.upstream.putManifest(put).catch(cannotTell);
  const refused = refusedUrls(answer, reading);
  if (refused !== null) throw noManifest(digest, refused.message);
  const { status } = answer;
  if (status >= 500 || status === 401) cannotTell(new Error(`the registry answered ${status}`));
  if (status >= 300) throw missing(digest, LACKING);
  await storeManifest(deps.db, repository, manifest, "checked");
}

function lostOf(
  { upstream }: VouchDeps,
  repository: RepositoryName,
  index: Manifest,
): Promise<unknown[]> {
  return missingParts(upstream, repository, index).catch(cannotTell);
}

async function findManifest(
  { upstream }: VouchDeps,
  { repository }: Looking,
  digest: Digest,
): Promise<StoredManifest> {
  const size = await upstream.blobSize(repository, digest).catch(cannotTell);
  if (size !== null && size > MAX_MANIFEST_BYTES) throw noManifest(digest, "it is too large");
  const manifest = await upstream.getManifest(repository, digest).catch((error: unknown) => {
    if (error instanceof Unreadable) throw noManifest(digest, error.message);
    return cannotTell(error);
  });
  if (manifest !== null) return manifest;
  throw size === null ? missing(digest, "it is not there") : noManifest(digest, "it is a blob");
}

function missing(digest: Digest, what: string): Fault {
  return new Fault("MANIFEST_PART_UNKNOWN", {
    message: `the index needs ${digest}: ${what}; push it first`,
    detail: { digest },
  });
}

function noManifest(digest: Digest, what: string): Fault {
  return new Fault("MANIFEST_INVALID", {
    message: `manifest invalid: the index names ${digest}, which is no manifest: ${what}`,
    detail: { digest },
  });
}

function cannotTell(cause: unknown): never {
  throw new Fault("UNAVAILABLE", {
    message: "the registry cannot be asked for what the index needs; push again",
    cause,
  });
}
