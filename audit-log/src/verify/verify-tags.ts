import type { Queryable } from "#service-kit/db/pool.js";
import { ledgerDigest, ledgerTagsAfter, type LedgerTag } from "../sql/ledger-tags.js";
import type { RegistryTags } from "./registry-tags.js";

/** A tag that the registry does not have as the ledger does. */
export interface TagFinding extends LedgerTag {
  readonly problem: string;
}

/** What was found. */
export interface VerifiedTags {
  readonly checked: number;
  readonly wrong: number;
  /** The first of the wrong ones. */
  readonly findings: readonly TagFinding[];
}

/** What comparing tags needs. */
export interface VerifyTagsDeps {
  readonly db: Queryable;
  readonly registry: RegistryTags;
  /** Told how far it is. */
  readonly progress: (text: string) => void;
}

const BATCH = 500;
const REQUESTS_AT_ONCE = 8;
const MOST_FINDINGS = 100;

/**
 * Compares every settled tag of the ledger with the registry; mutable ones too, since the ledger says which
 * of their digests counts.
 *
 * @param deps - ledger, registry and progress
 * @returns what was found
 */
export async function verifyTags(deps: VerifyTagsDeps): Promise<VerifiedTags> {
  const findings: TagFinding[] = [];
  let checked = 0;
  let wrong = 0;
  let after = { repository: "", tag: "" };
  for (;;) {
    const tags = await ledgerTagsAfter(deps.db, after, BATCH);
    for (const finding of await checkAll(deps, tags)) {
      wrong += 1;
      if (findings.length < MOST_FINDINGS) findings.push(finding);
    }
    checked += tags.length;
    deps.progress(`${checked} tags`);
    after = tags.at(-1) ?? after;
    if (tags.length < BATCH) return { checked, wrong, findings };
  }
}

/** @returns what is wrong, in the order of the tags */
async function checkAll(deps: VerifyTagsDeps, tags: readonly LedgerTag[]): Promise<TagFinding[]> {
  const problems = new Map<LedgerTag, string>();
  const waiting = tags.values();
  const work = async () => {
    for (const tag of waiting) {
      const problem = await problemOf(deps, tag);
      if (problem !== null) problems.set(tag, problem);
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_AT_ONCE }, work));
  return tags.flatMap((tag) => {
    const problem = problems.get(tag);
    return problem === undefined ? [] : [{ ...tag, problem }];
  });
}

async function problemOf(deps: VerifyTagsDeps, tag: LedgerTag): Promise<string | null> {
  try {
    const found = await deps.registry.digestOf(tag.repository, tag.tag, tag.digest);
    // A push may have come between the ledger's row and the registry's answer.
    if (found === tag.digest || (await ledgerDigest(deps.db, tag)) !== tag.digest) return null;
    return found === null ? "missing at the registry" : `${found} at the registry`;
  } catch (error) {
    return `cannot be checked: ${error instanceof Error ? error.message : String(error)}`;
  }
}
