import type { RepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag, type Tag } from "#registry-protocol/tag.js";
import { adoptAll } from "../ledger/adopt.js";
import type { FoundTag } from "../ledger/sql/read-tag.js";
import { askRegistry } from "./ask-registry.js";
import { asName } from "./names.js";
import { paced } from "./paced.js";
import type { Pass } from "./pass.js";

/** A push of a tag that is being adopted waits for the whole transaction. */
const ADOPTED_AT_ONCE = 200;

/**
 * Takes tags into the ledger that the registry lists and the ledger has never heard of.
 *
 * @param pass - the pass
 * @param repository - their repository
 * @param names - the tags, as the registry lists them
 * @returns whether all of them that are there are in the ledger now
 */
export async function adoptListed(
  pass: Pass,
  repository: RepositoryName,
  names: readonly string[],
): Promise<boolean> {
  const found: FoundTag[] = [];
  let unclear = 0;
  try {
    await paced(names, pass.pace.questions, pass.signal, async (name) => {
      const tag = await findTag(pass, repository, name);
      if (tag === "unclear") unclear += 1;
      else if (tag !== null) found.push(tag);
    });
  } finally {
    await adoptFound(pass, repository, found);
  }
  pass.options.progress(pass.tally.summary());
  return unclear === 0 && !pass.options.dryRun;
}

async function findTag(
  pass: Pass,
  repository: RepositoryName,
  name: string,
): Promise<FoundTag | "unclear" | null> {
  const tag = asName<Tag>(pass, name, parseTag);
  // What a virtual tag means is the ledger's alone.
  if (tag === null || pass.parts.policy.isVirtual({ repository, tag })) return null;
  const digest = await askRegistry(pass, { repository, tag });
  if (digest === null) pass.tally.problem(`${repository}:${tag} is listed, but is not there`);
  if (digest === null) return null;
  return digest === "unclear" ? "unclear" : { tag, digest };
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
