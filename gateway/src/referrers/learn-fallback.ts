import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { childrenOf } from "#registry-protocol/manifest/references.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { unlessUnreadable } from "#registry-protocol/manifest/unreadable.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import { storeManifest } from "../ledger/sql/store-manifest.js";
import type { Upstream } from "../upstream/upstream.js";
import { fallbackTag } from "./fallback-tag.js";
import { noteFallbackRead, readFallbackState, readNotRead } from "./sql/referrers.js";

/** What learning needs. */
export interface LearnFallbackDeps {
  readonly db: Queryable;
  readonly resolver: Pick<TagResolver, "resolve">;
  /** Manifests of the ledger, and of the registry where it has none. */
  readonly manifests: Pick<Upstream, "getManifest">;
}

/** A manifest that others may refer to. */
export interface SubjectKey {
  readonly repository: RepositoryName;
  readonly subject: Digest;
}

const AT_ONCE = 16;
/** What one request learns; the next one goes on from there. */
const MOST_LEARNED = 480;

/**
 * Manifests that older clients listed under a subject's fallback tag, before the ledger or past it, are referrers as any other
 * (OCI distribution-spec, "Enabling the Referrers API"). They are read once, and again when the tag has changed.
 *
 * @param deps - ledger and registry
 * @param key - the subject
 * @returns whether anything had to be looked for
 * @throws Fault UNAVAILABLE when the registry does not answer, or there is more to read than one request does
 */
export async function learnFallback(deps: LearnFallbackDeps, key: SubjectKey): Promise<boolean> {
  const tag = fallbackTag(key.subject);
  const { tagged, read } = await readFallbackState(deps.db, key, tag);
  if (read !== undefined && read === tagged) return false;
  const { repository } = key;
  const found = await deps.resolver.resolve({ repository, tag });
  const digest = found.kind === "nothing" ? null : found.digest;
  if (digest !== null) await learnListed(deps, repository, digest);
  await noteFallbackRead(deps.db, key, digest);
  return true;
}

async function learnListed(
  deps: LearnFallbackDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<void> {
  const list = await manifestOf(deps, repository, digest);
  if (list === null) return;
  let [learned, isMore] = [0, false];
  const unread = await readNotRead(deps.db, repository, childrenOf(list.reading));
  await someAtOnce(unread, AT_ONCE, async (child) => {
    isMore ||= learned >= MOST_LEARNED;
    if (isMore) return;
    const manifest = await manifestOf(deps, repository, child);
    if (manifest === null) return;
    await storeManifest(deps.db, repository, manifest, "found");
    learned += 1;
  });
  if (isMore)
    throw new Fault("UNAVAILABLE", {
      message: "referrers that stand under a tag are still being read; try again",
    });
}

/** @returns `null` when the registry does not have it, or will never give it out */
async function manifestOf(
  { manifests }: LearnFallbackDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<StoredManifest | null> {
  return unlessUnreadable(manifests.getManifest(repository, digest)).catch((cause: unknown) => {
    throw new Fault("UNAVAILABLE", {
      message: "the registry cannot be asked for referrers that stand under a tag; try again",
      cause,
    });
  });
}
