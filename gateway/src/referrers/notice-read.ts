import { LRUCache } from "lru-cache";
import { namesSubject } from "#registry-protocol/manifest/references.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import type { ManifestAddress } from "../ledger/kept-manifests.js";
import { storeManifest } from "../ledger/sql/store-manifest.js";
import type { Upstream } from "../upstream/upstream.js";
import { readNotRead } from "./sql/referrers.js";

/** What noticing needs. */
export interface NoticeReadDeps {
  readonly db: Queryable;
  readonly log: Logger;
  readonly upstream: Pick<Upstream, "getManifest">;
}

/** Each is looked at once as long as it is asked for now and then. */
const MOST_REMEMBERED = 10_000;

/**
 * A manifest that was pushed past the gateway, or before it, may name a subject. Whoever reads it shows that it is there: then
 * the ledger learns of it, and it is listed. Nobody waits for that; what fails is tried again with the next reader.
 *
 * @param deps - ledger and registry
 * @returns to be told of a manifest that the registry has given out since the ledger did not have it
 */
export function readNotices(deps: NoticeReadDeps): (address: ManifestAddress) => void {
  const looked = new LRUCache<string, true>({ max: MOST_REMEMBERED });
  return (address) => {
    const name = `${address.repository}@${address.digest}`;
    if (looked.has(name)) return;
    looked.set(name, true);
    learn(deps, address).catch((error: unknown) => {
      looked.delete(name);
      deps.log.warn({ event: "referrer.unread", ...address, err: error });
    });
  };
}

async function learn(
  { db, upstream }: NoticeReadDeps,
  { repository, digest }: ManifestAddress,
): Promise<void> {
  if ((await readNotRead(db, repository, [digest])).length === 0) return;
  const manifest = await unlessUnreadable(upstream.getManifest(repository, digest));
  if (manifest !== null && namesSubject(manifest.reading))
    await storeManifest(db, repository, manifest, "found");
}
