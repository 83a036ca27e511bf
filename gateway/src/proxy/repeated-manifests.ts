import { LRUCache } from "lru-cache";
import { putBack, type PutBackDeps } from "../ledger/put-back.js";
import type { TagPush } from "../ledger/push.js";
import { missingParts } from "../upstream/missing-parts.js";

/** Tells whether all that a manifest needs still stands; what of it is in the ledger alone is put back before. */
export type WholeManifests = (push: TagPush, gone: AbortSignal) => Promise<boolean>;

const MOST_KNOWN = 10_000;
/** So long it is believed of a manifest that its parts stand, before they are looked for again. */
const BELIEVED_MILLISECONDS = 600_000;
const MOST_NAMED = 10;

/**
 * @param deps - ledger and registry
 * @returns what looks into manifests that are pushed again, into each now and then. What cannot be told is taken for whole:
 *   it was when it was pushed
 */
export function wholeManifests(deps: PutBackDeps): WholeManifests {
  const known = new LRUCache<string, Promise<boolean>>({
    max: MOST_KNOWN,
    ttl: BELIEVED_MILLISECONDS,
  });
  return async (push, gone) => {
    const key = `${push.repository}@${push.digest}`;
    const looking = known.get(key) ?? look(deps, push, gone);
    if (!known.has(key)) known.set(key, looking);
    const isWhole = await looking.catch(() => null);
    if (isWhole !== true) known.delete(key);
    return isWhole ?? true;
  };
}

async function look(deps: PutBackDeps, push: TagPush, gone: AbortSignal): Promise<boolean> {
  const { repository, tag, digest, actor } = push;
  const missing = await missingParts(deps.upstream, repository, push.manifest.reading);
  if (missing.length === 0) return true;
  const named = missing.slice(0, MOST_NAMED).map((part) => part.digest);
  const what = { repository, tag, digest, missing: named };
  deps.log.error({ event: "push.missing-blob", ...what, count: missing.length });
  for (const part of missing)
    if (part.kind === "manifest")
      await putBack(deps, { repository, digest: part.digest, actor, gone });
  return false;
}
