import { SYSTEM, type AuditEntry } from "#audit-log/entry.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { SharedDatabase, Queryable } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { enqueueSearch } from "../scm/sql/scm-search.js";
import { adoptTags, type FoundTag } from "./sql/read-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { isSignatureTag } from "#tag-policy/tag-policy.js";

/** What adopting needs. */
export interface AdoptDeps {
  readonly db: SharedDatabase;
  readonly log: Logger;
  readonly audit: (tx: Queryable, entry: AuditEntry) => Promise<void>;
}

/**
 * Takes a tag that stands at the registry into the ledger, on record. A tag that the ledger knows, or that
 * is being pushed, stays as it is.
 *
 * @param deps - ledger and audit log
 * @param key - the tag
 * @param digest - what it means at the registry
 * @param reason - how it was found, for the audit log
 * @returns whether it was new to the ledger
 */
export async function adopt(
  deps: AdoptDeps,
  { repository, tag }: TagKey,
  digest: Digest,
  reason: string,
): Promise<boolean> {
  return (await adoptAll(deps, repository, [{ tag, digest }], reason)) === 1;
}

/**
 * Like {@link adopt}, several tags of one repository in one transaction.
 *
 * @param deps - ledger and audit log
 * @param repository - the repository
 * @param found - the tags and what they mean at the registry; not so many that pushes to them would wait long
 * @param reason - how they were found, for the audit log
 * @returns how many were new to the ledger
 */
export async function adoptAll(
  deps: AdoptDeps,
  repository: RepositoryName,
  found: readonly FoundTag[],
  reason: string,
): Promise<number> {
  const adopted = await deps.db.transaction(async (tx) => {
    const news = await adoptTags(tx, repository, found);
    const images = news.filter(({ tag }) => !isSignatureTag(tag)).map(({ digest }) => digest);
    // Without layers: a registry's whole past would be read.
    await enqueueSearch(tx, repository, images, { by: "", withLayers: false });
    for (const { tag, digest } of news) {
      const what = { action: "tag.adopted", repository, tag, digest } as const;
      await deps.audit(tx, { ...what, actor: SYSTEM, reason, detail: {} });
    }
    return news;
  }, repository);
  for (const { tag, digest } of adopted)
    deps.log.info({ event: "tag.adopted", repository, tag, digest, reason });
  return adopted.length;
}
