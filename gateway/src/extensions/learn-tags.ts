import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import type { TagResolver } from "../ledger/resolve-tag.js";
import { readUnheldTags } from "../ledger/sql/unheld-tags.js";

const AT_ONCE = 16;
/** What one request learns; the next one goes on from there. */
const MOST_LEARNED = 480;

/**
 * Tags that stand at the registry and were never read through the gateway come into the ledger, as when somebody reads them.
 *
 * @param deps - ledger and registry
 * @param repository - a repository
 * @param names - tags that the registry lists
 * @throws Fault UNAVAILABLE when the registry does not answer, or there are more than one request learns
 */
export async function learnTags(
  { db, resolver }: { readonly db: Queryable; readonly resolver: Pick<TagResolver, "resolve"> },
  repository: RepositoryName,
  names: readonly string[],
): Promise<void> {
  const unheld = await readUnheldTags(db, repository, names);
  await someAtOnce(unheld.slice(0, MOST_LEARNED), AT_ONCE, async ({ name }) => {
    await resolver.resolve({ repository, tag: parseTag(name) }).catch(unlessUnreadable);
  });
  if (unheld.length > MOST_LEARNED)
    throw new Fault("UNAVAILABLE", {
      message: "tags of the registry are still being read; try again",
    });
}

/** One that the registry cannot read has nothing to be described by. */
function unlessUnreadable(error: unknown): void {
  if (!(error instanceof Fault) || error.code !== "MANIFEST_UNREADABLE") throw error;
}
