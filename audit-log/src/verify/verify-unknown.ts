import { parseRepositoryName, type RepositoryName } from "#registry-protocol/repository-name.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { isListMissing, type RegistryListing } from "#service-kit/http/registry-listing.js";
import { ledgerRepositories, namesUnknown } from "../sql/ledger-names.js";
import type { RegistryTags } from "./registry-tags.js";
import type { TagFinding } from "./verify-tags.js";

/** What was found. */
export interface VerifiedUnknown {
  /** Tags that the registry lists. */
  readonly checked: number;
  readonly wrong: number;
  /** The first of those that the ledger does not know. */
  readonly findings: readonly TagFinding[];
}

/** What looking for tags needs that the ledger does not know. */
export interface VerifyUnknownDeps {
  readonly db: Queryable;
  readonly listing: RegistryListing;
  readonly registry: RegistryTags;
  /** Told how far it is. */
  readonly progress: (text: string) => void;
}

const MOST_FINDINGS = 100;
/** A command is ended by whoever started it. */
const FOREVER = new AbortController().signal;
/** It may mean what the newest tag means, and be no tag of the ledger. */
const VIRTUAL = "latest";

/**
 * Looks for tags of the registry that the ledger has never heard of: what a database lost that went back to an earlier
 * state (an asynchronous standby became the leader, a backup was restored), and what was pushed past the gateway.
 *
 * @param deps - ledger, registry and progress
 * @returns what was found
 * @throws when the registry does not list to the end what it has
 */
export async function verifyUnknown(deps: VerifyUnknownDeps): Promise<VerifiedUnknown> {
  const findings: TagFinding[] = [];
  let [checked, wrong] = [0, 0];
  for await (const repository of repositoriesOf(deps))
    for await (const tags of tagsOf(deps.listing, repository)) {
      checked += tags.length;
      deps.progress(`${checked} tags of the registry`);
      for (const finding of await unknownOf(deps, repository, tags)) {
        wrong += 1;
        if (findings.length < MOST_FINDINGS) findings.push(finding);
      }
    }
  return { checked, wrong, findings };
}

/** 2.8 leaves repositories without layers out of its catalog. */
async function* repositoriesOf({ db, listing }: VerifyUnknownDeps): AsyncGenerator<RepositoryName> {
  const named = new Set<string>();
  for await (const names of listing.repositories(FOREVER))
    for (const name of names) {
      named.add(name);
      // What says which storage it is is no tag of anybody's.
      if (isMarkerRepository(name)) continue;
      yield parseRepositoryName(name);
    }
  for (const name of await ledgerRepositories(db))
    if (!named.has(name)) yield parseRepositoryName(name);
}

async function* tagsOf(
  listing: RegistryListing,
  repository: RepositoryName,
): AsyncGenerator<string[]> {
  try {
    yield* listing.tags(repository, FOREVER);
  } catch (error) {
    if (!isListMissing(error)) throw error;
  }
}

/** A push may come between the list and the ledger's rows: whoever is unknown is looked up once more. */
async function unknownOf(
  { db, registry }: VerifyUnknownDeps,
  repository: string,
  tags: readonly string[],
): Promise<TagFinding[]> {
  const findings: TagFinding[] = [];
  const names = tags.filter((tag) => tag !== VIRTUAL);
  for (const tag of await namesUnknown(db, repository, names)) {
    const digest = await registry.digestOf(repository, tag, "").catch(() => "unreadable");
    if (digest === null || (await namesUnknown(db, repository, [tag])).length === 0) continue;
    findings.push({ repository, tag, digest, problem: "not in the ledger" });
  }
  return findings;
}
