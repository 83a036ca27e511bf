import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";
import { adopt } from "../ledger/adopt.js";
import { LATEST } from "../ledger/tag-rules.js";
import { askRegistry, checkTag } from "./check-tag.js";
import { paced } from "./paced.js";
import { reasonOf, type Pass } from "./pass.js";
import { ListingRefused } from "./registry-listing.js";
import {
  clearTags,
  countStaged,
  databaseTime,
  hasTags,
  markClean,
  stageTags,
  suspectTags,
  unknownTags,
} from "./sql/staging.js";

const BATCH = 500;

/**
 * Compares one repository: tags that the ledger does not know are adopted, tags that the registry does not
 * list are asked for, and so are those that were wrong before.
 *
 * @param pass - the pass
 * @param name - the repository, as the registry's catalog names it
 */
export async function compareRepository(pass: Pass, name: string): Promise<void> {
  const repository = asName(pass, name, parseRepositoryName);
  if (repository === null) return;
  pass.tally.add("repositories");
  const askedAt = await databaseTime(pass.session);
  if (!(await stageList(pass, repository))) return;
  await adoptUnknown(pass, repository);
  await checkSuspects(pass, repository, askedAt);
  pass.options.progress(pass.tally.summary());
}

/** @returns whether the registry's list was whole */
async function stageList(pass: Pass, repository: RepositoryName): Promise<boolean> {
  const { session, tally, signal } = pass;
  await clearTags(session);
  try {
    for await (const names of pass.listing.tags(repository, signal))
      tally.add("tags", await stageTags(session, names));
  } catch (error) {
    signal.throwIfAborted();
    // Blobs without a manifest make a repository that is in the catalog and has no list of tags.
    const isEmpty = error instanceof ListingRefused && error.status === 404;
    if (!isEmpty || (await hasTags(session, repository)))
      tally.error(`${repository}: ${reasonOf(error)}`);
    return false;
  }
  tally.answered();
  await countStaged(session);
  await markClean(session, repository);
  return true;
}

async function adoptUnknown(pass: Pass, repository: RepositoryName): Promise<void> {
  let after = "";
  for (;;) {
    const names = await unknownTags(pass.session, repository, after, BATCH);
    const last = names.at(-1);
    if (last === undefined) return;
    await paced(names, pass.pace, pass.signal, (name) => adoptOne(pass, repository, name));
    pass.options.progress(pass.tally.summary());
    after = last;
  }
}

async function adoptOne(pass: Pass, repository: RepositoryName, name: string): Promise<void> {
  const tag = asName<Tag>(pass, name, parseTag);
  // What a virtual tag means is the ledger's alone.
  if (tag === null || (tag === LATEST && pass.policy.isLatestVirtual(repository))) return;
  const digest = await askRegistry(pass, { repository, tag });
  if (digest === "unclear") return;
  if (digest === null) pass.tally.problem(`${repository}:${tag} is listed, but is not there`);
  else if (pass.options.dryRun) pass.tally.add("adopted");
  else if (await adopt(pass, { repository, tag }, digest, "found at the registry by discovery"))
    pass.tally.add("adopted");
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
    await paced(suspects, pass.pace, pass.signal, (seen) => checkTag(pass, seen));
    after = last.tag;
  }
}

function asName<Name extends string>(
  pass: Pass,
  text: string,
  parse: (text: string) => Name,
): Name | null {
  try {
    return parse(text);
  } catch {
    pass.tally.problem(
      `the registry lists ${JSON.stringify(text.slice(0, 200))}, which is no name`,
    );
    return null;
  }
}
