import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import { reasonOf } from "../drift/reason-of.js";
import { isListMissing } from "#service-kit/http/registry-listing.js";
import { compareLostRepository } from "./compare-large-repository.js";
import type { Pass } from "./pass.js";
import { stageRepositories, unlistedRepositories } from "./sql/staging.js";

const BATCH = 100;
/** Of a registry that lacks so many nothing is believed in any case. */
const MOST_LOST = 100;

/**
 * The catalog of a registry 2.8 has those repositories alone that have layers: one with nothing but an empty index is not
 * in it. What lists its tags is there, and compared like every other.
 *
 * @param pass - the pass, with the whole catalog staged
 */
export async function stageUnlisted(pass: Pass): Promise<void> {
  let lost = 0;
  for await (const name of unlisted(pass)) {
    if (await hasList(pass, name)) await stageRepositories(pass.session, [name]);
    else lost += 1;
    if (lost >= MOST_LOST) return;
  }
}

async function* unlisted({ session, began }: Pass): AsyncGenerator<RepositoryName> {
  let after = "";
  for (;;) {
    const names = await unlistedRepositories(session, began, { after, limit: BATCH });
    // Gateways of before took it for a repository as any other.
    for (const name of names) if (!isMarkerRepository(name)) yield parseRepositoryName(name);
    after = names.at(-1) ?? "";
    if (names.length < BATCH) return;
  }
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
 * Tells of the repositories that the ledger has and the registry does not. Whoever lost whole ones may have another storage, or
 * none: then nothing that the registry says of others is believed, unless somebody says that it is the right one.
 *
 * @param pass - the pass, with everything staged that the registry has
 * @returns whether the rest may be compared
 */
export async function isWhole(pass: Pass): Promise<boolean> {
  const { tally, parts, options } = pass;
  let lost = 0;
  for await (const repository of unlisted(pass)) {
    // No cleaner than no answer: whoever lost a whole repository has lost it in the storage.
    tally.add("errors");
    tally.problem(`${repository} is in the ledger, but not in the registry's catalog`);
    parts.log.error({ event: "repository.absent", repository });
    lost += 1;
    if (lost >= MOST_LOST) break;
  }
  if (lost === 0 || options.trusted) return true;
  tally.error(
    `the registry lacks ${lost === MOST_LOST ? "many" : lost} of the ledger's repositories: is its storage there? ` +
      "Nothing else was compared (docs/discovery.md)",
  );
  return false;
}

/**
 * Asks for every tag of repositories that the registry does not have any more.
 *
 * @param pass - the pass of somebody who says that the storage is the right one
 */
export async function compareLost(pass: Pass): Promise<void> {
  for await (const repository of unlisted(pass)) await compareLostRepository(pass, repository);
}
