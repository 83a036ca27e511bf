import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { reasonOf } from "../drift/reason-of.js";
import { isListMissing } from "#service-kit/http/registry-listing.js";
import type { Pass } from "./pass.js";
import { stageRepositories, unlistedRepositories } from "./sql/staging.js";

const MOST_UNLISTED = 100;

/**
 * The catalog of a registry 2.8 has those repositories alone that have layers: one with nothing but an empty index is not
 * in it. What lists its tags is there, and compared like every other.
 *
 * @param pass - the pass, with the whole catalog staged
 */
export async function stageUnlisted(pass: Pass): Promise<void> {
  for (const name of await unlistedRepositories(pass.session, pass.began, MOST_UNLISTED))
    if (await hasList(pass, parseRepositoryName(name)))
      await stageRepositories(pass.session, [name]);
}

async function hasList({ parts, signal, tally }: Pass, name: RepositoryName): Promise<boolean> {
  const pages = parts.registry.listing.tags(name, signal);
  try {
    await pages.next();
    tally.answered();
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!isListMissing(error)) tally.error(`${name}: ${reasonOf(error)}`);
    return false;
  } finally {
    await pages.return(undefined);
  }
}

/**
 * Tells of the repositories that the ledger has and the registry does not.
 *
 * @param pass - the pass, with everything staged that the registry has
 */
export async function reportUnlisted({ session, began, tally, parts }: Pass): Promise<void> {
  for (const repository of await unlistedRepositories(session, began, MOST_UNLISTED)) {
    // No cleaner than no answer: whoever lost a whole repository has lost it in the storage.
    tally.add("errors");
    tally.problem(`${repository} is in the ledger, but not in the registry's catalog`);
    parts.log.error({ event: "repository.absent", repository });
  }
}
