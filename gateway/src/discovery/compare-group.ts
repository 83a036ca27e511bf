import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { isListMissing } from "#service-kit/http/registry-listing.js";
import { databaseTime } from "#service-kit/db/time.js";
import { LATEST } from "#tag-policy/tag-policy.js";
import { adoptListed } from "./adopt-listed.js";
import { checkTags } from "./check-tags.js";
import { compareLargeRepository } from "./compare-large-repository.js";
import { asName } from "./names.js";
import { paced } from "./paced.js";
import type { Pass } from "./pass.js";
import { tagsIn } from "./read-list.js";
import { markCompared } from "./sql/compared-repositories.js";
import { stageChecked } from "./sql/compared-tags.js";
import { listedAmong, suspectsAmong, unknownAmong, type ListedTags } from "./sql/listed-tags.js";
import { markClean } from "./sql/staging.js";
import { reasonOf } from "../drift/reason-of.js";

/** Names of tags of one repository that are kept in memory; one with more is compared by itself. */
const MOST_TAGS = 1_000;
/** Of what is wrong, tags that are checked at once. */
const BATCH = 500;

/**
 * Compares some repositories: tags that the ledger does not know are adopted, tags that the registry does not list are
 * asked for, and so are those that were wrong before. What is as it was costs one list each, and a few statements for
 * all of them.
 *
 * @param pass - the pass
 * @param names - repositories, as the registry's catalog names them
 */
export async function compareGroup(pass: Pass, names: readonly string[]): Promise<void> {
  const repositories = names
    .map((name) => asName(pass, name, parseRepositoryName))
    .filter((name) => name !== null);
  pass.tally.add("repositories", repositories.length);
  const askedAt = await databaseTime(pass.session);
  const lists: ListedTags[] = [];
  const large: RepositoryName[] = [];
  const failed: [RepositoryName, unknown][] = [];
  await paced(repositories, pass.pace.lists, pass.signal, async (repository) => {
    try {
      const tags = await readList(pass, repository);
      if (tags === "large") large.push(repository);
      else lists.push({ repository, tags });
      pass.tally.answered();
    } catch (error) {
      pass.signal.throwIfAborted();
      failed.push([repository, error]);
      if (!isListMissing(error)) pass.tally.error(`${repository}: ${reasonOf(error)}`);
    }
  });
  await tellUnlisted(pass, failed);
  await compareListed(pass, lists, askedAt);
  for (const repository of large) await compareLargeRepository(pass, repository);
  pass.options.progress(pass.tally.summary());
}

async function readList(pass: Pass, repository: RepositoryName): Promise<string[] | "large"> {
  const tags = new Set<string>();
  for await (const names of tagsIn(pass, repository)) {
    for (const name of names) tags.add(name);
    if (tags.size > MOST_TAGS) return "large";
  }
  return [...tags];
}

/** Blobs without a manifest make a repository that is in the catalog and has no list of tags. */
async function tellUnlisted(
  pass: Pass,
  failed: readonly (readonly [RepositoryName, unknown])[],
): Promise<void> {
  const missing = failed.filter(([, error]) => isListMissing(error));
  const known = await listedAmong(
    pass.session,
    missing.map(([repository]) => repository),
  );
  for (const [repository, error] of missing)
    if (known.has(repository)) pass.tally.error(`${repository}: ${reasonOf(error)}`);
}

async function compareListed(
  pass: Pass,
  lists: readonly ListedTags[],
  askedAt: string,
): Promise<void> {
  if (lists.length === 0) return;
  pass.tally.add(
    "tags",
    lists.reduce((sum, { tags }) => sum + tags.length, 0),
  );
  await markClean(
    pass.session,
    lists.map(({ repository }) => repository),
  );
  await adoptUnknown(pass, lists);
  const suspects = await suspectsAmong(pass.session, lists, askedAt);
  for (let from = 0; from < suspects.length; from += BATCH) {
    const some = suspects.slice(from, from + BATCH);
    await checkTags(pass, some);
    await stageChecked(pass.session, some);
  }
}

async function adoptUnknown(pass: Pass, lists: readonly ListedTags[]): Promise<void> {
  const unclear = new Set<RepositoryName>();
  for (const { repository, tags } of await unknownAmong(pass.session, lists))
    if (!(await adoptListed(pass, repository, tags))) unclear.add(repository);
  if (pass.options.dryRun) return;
  await markCompared(
    pass.session,
    lists
      .filter(({ repository }) => !unclear.has(repository))
      .map(({ repository, tags }) => ({ repository, latest: tags.includes(LATEST) })),
  );
}
