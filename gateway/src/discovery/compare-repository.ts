import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";
import { isLine } from "#registry-protocol/text.js";
import { databaseTime } from "#service-kit/db/time.js";
import { adoptAll } from "../ledger/adopt.js";
import type { FoundTag } from "../ledger/sql/read-tag.js";
import { askRegistry, checkTag } from "./check-tag.js";
import { paced } from "./paced.js";
import type { Pass } from "./pass.js";
import { reasonOf } from "../drift/reason-of.js";
import { ListingRefused } from "#service-kit/http/registry-listing.js";
import { stageChecked } from "./sql/compared-tags.js";
import {
  clearTags,
  countStaged,
  hasTags,
  markClean,
  stageTags,
  suspectTags,
  unknownTags,
} from "./sql/staging.js";

const BATCH = 500;
/** A push of a tag that is being adopted waits for the whole transaction. */
const ADOPTED_AT_ONCE = 50;

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
    for await (const names of pass.parts.registry.listing.tags(repository, signal))
      tally.add("tags", await stageTags(session, onlyText(pass, repository, names)));
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

/** What cannot be stored cannot be compared either. */
function onlyText({ tally }: Pass, repository: RepositoryName, names: readonly string[]): string[] {
  const texts = names.filter(isLine);
  if (texts.length < names.length) tally.error(`${repository}: a tag whose name is no text`);
  return texts;
}

async function adoptUnknown(pass: Pass, repository: RepositoryName): Promise<void> {
  let after = "";
  for (;;) {
    const names = await unknownTags(pass.session, repository, after, BATCH);
    const last = names.at(-1);
    if (last === undefined) return;
    const found: FoundTag[] = [];
    try {
      await paced(names, pass.pace, pass.signal, async (name) => {
        const tag = await findTag(pass, repository, name);
        if (tag !== null) found.push(tag);
      });
    } finally {
      await adoptFound(pass, repository, found);
    }
    pass.options.progress(pass.tally.summary());
    after = last;
  }
}

async function findTag(
  pass: Pass,
  repository: RepositoryName,
  name: string,
): Promise<FoundTag | null> {
  const tag = asName<Tag>(pass, name, parseTag);
  // What a virtual tag means is the ledger's alone.
  if (tag === null || pass.parts.policy.isVirtual({ repository, tag })) return null;
  const digest = await askRegistry(pass, { repository, tag });
  if (digest === null) pass.tally.problem(`${repository}:${tag} is listed, but is not there`);
  return digest === null || digest === "unclear" ? null : { tag, digest };
}

async function adoptFound(
  pass: Pass,
  repository: RepositoryName,
  found: readonly FoundTag[],
): Promise<void> {
  for (let from = 0; from < found.length; from += ADOPTED_AT_ONCE) {
    const some = found.slice(from, from + ADOPTED_AT_ONCE);
    const adopted = pass.options.dryRun
      ? some.length
      : await adoptAll(pass.parts, repository, some, "found at the registry by discovery");
    pass.tally.add("adopted", adopted);
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
    await paced(suspects, pass.pace, pass.signal, (seen) => checkTag(pass, seen));
    await stageChecked(pass.session, suspects);
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
