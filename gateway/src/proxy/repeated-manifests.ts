import { LRUCache } from "lru-cache";
import type { TagPush } from "../ledger/push.js";
import type { Logger } from "#service-kit/log.js";
import { missingParts, type PartReads } from "../upstream/missing-parts.js";

/** Tells whether all that a manifest needs still stands. */
export type WholeManifests = (push: TagPush) => Promise<boolean>;

/** What looking into manifests needs. */
export interface WholeManifestsDeps {
  readonly upstream: PartReads;
  readonly log: Logger;
}

const MOST_KNOWN = 10_000;
/** So long it is believed of a manifest that its parts stand, before they are looked for again. */
const BELIEVED_MILLISECONDS = 600_000;
const MOST_NAMED = 10;

/**
 * @param deps - the registry
 * @returns what looks into manifests that are pushed again, into each now and then. What cannot be told is taken for whole:
 *   it was when it was pushed
 */
export function wholeManifests(deps: WholeManifestsDeps): WholeManifests {
  const known = new LRUCache<string, Promise<boolean>>({
    max: MOST_KNOWN,
    ttl: BELIEVED_MILLISECONDS,
  });
  return async (push) => {
    const key = `${push.repository}@${push.digest}`;
    const looking = known.get(key) ?? look(deps, push);
    if (!known.has(key)) known.set(key, looking);
    const isWhole = await looking.catch(() => null);
    if (isWhole !== true) known.delete(key);
    return isWhole ?? true;
  };
}

async function look(deps: WholeManifestsDeps, push: TagPush): Promise<boolean> {
  const { repository, tag, digest } = push;
  const missing = await missingParts(deps.upstream, repository, push.manifest.reading);
  if (missing.length === 0) return true;
  const named = missing.slice(0, MOST_NAMED).map((part) => part.digest);
  const what = { repository, tag, digest, missing: named };
  deps.log.error({ event: "push.missing-blob", ...what, count: missing.length });
  return false;
}
