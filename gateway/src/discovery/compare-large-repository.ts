import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { isListMissing } from "#service-kit/http/registry-listing.js";
import { databaseTime } from "#service-kit/db/time.js";
import { LATEST } from "#tag-policy/tag-policy.js";
import { adoptListed } from "./adopt-listed.js";
import { checkTags } from "./check-tags.js";
import type { Pass } from "./pass.js";
import { tagsIn } from "./read-list.js";
import { reasonOf } from "../drift/reason-of.js";
import { markCompared } from "./sql/compared-repositories.js";
import { stageChecked } from "./sql/compared-tags.js";
import { listedAmong } from "./sql/listed-tags.js";
import {
  clearTags,
  countStaged,
  isStaged,
  markClean,
  stageTags,
  suspectTags,
  unknownTags,
} from "./sql/staging.js";

const BATCH = 500;

/**
 * Compares one repository whose names are too many for the memory: its list is staged in the database.
 *
 * @param pass - the pass
 * @param repository - the repository
 */
export async function compareLargeRepository(
  pass: Pass,
  repository: RepositoryName,
): Promise<void> {
  const askedAt = await databaseTime(pass.session);
  if (!(await stageList(pass, repository))) return;
  if (await adoptUnknown(pass, repository)) {
    const latest = await isStaged(pass.session, LATEST);
    await markCompared(pass.session, [{ repository, latest }]);
  }
  await checkSuspects(pass, repository, askedAt);
  pass.options.progress(pass.tally.summary());
}

/**
 * Asks for every tag of a repository that the registry has no list of.
 *
 * @param pass - the pass
 * @param repository - the repository
 */
export async function compareLostRepository(pass: Pass, repository: RepositoryName): Promise<void> {
  const askedAt = await databaseTime(pass.session);
  await clearTags(pass.session);
  await checkSuspects(pass, repository, askedAt);
  pass.options.progress(pass.tally.summary());
}

/** @returns whether the registry's list was whole */
async function stageList(pass: Pass, repository: RepositoryName): Promise<boolean> {
  const { session, tally, signal } = pass;
  await clearTags(session);
  try {
    for await (const names of tagsIn(pass, repository))
      tally.add("tags", await stageTags(session, names));
  } catch (error) {
    signal.throwIfAborted();
    if (!isListMissing(error) || (await listedAmong(session, [repository])).has(repository))
      tally.error(`${repository}: ${reasonOf(error)}`);
    return false;
  }
  tally.answered();
  await countStaged(session);
  await markClean(session, [repository]);
  return true;
}

/** @returns whether all of them are in the ledger now */
async function adoptUnknown(pass: Pass, repository: RepositoryName): Promise<boolean> {
  let after = "";
  let isKnown = true;
  for (;;) {
    const names = await unknownTags(pass.session, repository, after, BATCH);
    const last = names.at(-1);
    if (last === undefined) return isKnown;
    isKnown = (await adoptListed(pass, repository, names)) && isKnown;
    after = last;
  }
}

async function checkSuspects(
  pass: Pass,
  repository: RepositoryName,
  askedAt: string,
): Promise<void> {
  let after = "";
  for (;;) {
    const page = { after, limit: BATCH, askedAt };
    const suspects = await suspectTags(pass.session, repository, page);
    const last = suspects.at(-1);
    if (last === undefined) return;
    await checkTags(pass, suspects);
    await stageChecked(pass.session, suspects);
    after = last.tag;
  }
}
