import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Database, Queryable } from "#service-kit/db/pool.js";
import { readUnknownManifests, type UnknownManifest } from "../ledger/sql/manifest-needs.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { readManifest, storeManifest } from "../ledger/sql/store-manifest.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { readStored } from "../upstream/read-stored.js";

/** What learning needs. */
export interface LearnDeps {
  readonly db: Database;
  /** @returns a manifest of the registry, `null` when it has none. @throws Unreadable, or when that cannot be told */
  readonly upstreamManifest: (
    key: Pick<TagKey, "repository">,
    digest: Digest,
  ) => Promise<StoredManifest | null>;
}

const AT_ONCE = 16;
/** Asked of the ledger at once; what the registry does not have is told to it each time. */
const PAGE = 256;
/** What one deletion learns at most; the next attempt goes on from there. */
const MOST_LEARNED = 480;
/** What is not there, or cannot be read, leaves no trace, so that the next attempt would not get any further. */
const PATIENCE_MILLISECONDS = 60_000;

/**
 * Before anything is deleted, the ledger has to know what the repository's tags need. Manifests that came in
 * before the ledger did, or past it, are read from the registry and kept. What is there and cannot be read stands in
 * nobody's way: no client gets it, so nothing is needed because of it.
 *
 * @param deps - ledger and registry
 * @param repository - the repository
 * @param digest - the manifest that is to be deleted
 * @returns digests of which nothing can be learned: of manifests that the registry does not have (an index may name
 *   such), of blobs that an index names as manifests, and of what the registry cannot read
 * @throws Fault MANIFEST_UNKNOWN when the registry does not have the manifest itself, UNAVAILABLE when there is
 *   more to read than one attempt does
 */
export async function learnManifests(
  deps: LearnDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<Digest[]> {
  const unread: Digest[] = [];
  const deadline = performance.now() + PATIENCE_MILLISECONDS;
  for (let learned = 0; learned < MOST_LEARNED && performance.now() < deadline;) {
    const options = { also: digest, absent: unread, limit: PAGE };
    const unknown = await readUnknownManifests(deps.db, repository, options);
    if (unknown.length === 0) return unread;
    for (let from = 0; from < unknown.length && learned < MOST_LEARNED; from += AT_ONCE) {
      const some = unknown.slice(from, from + AT_ONCE);
      const outcomes = await Promise.all(some.map((one) => learn(deps, repository, one)));
      if (some.some((one, i) => one.digest === digest && outcomes[i] === "absent"))
        throw new Fault("MANIFEST_UNKNOWN", { detail: { name: repository, digest } });
      unread.push(...some.filter((_one, i) => outcomes[i] !== "learned").map((one) => one.digest));
      learned += outcomes.filter((outcome) => outcome === "learned").length;
    }
  }
  throw new Fault("UNAVAILABLE", {
    message: "what the repository's tags need is still being read; try again",
  });
}

/**
 * @param tx - transaction that decides on a deletion
 * @param repository - the repository
 * @param digest - the manifest that is to be deleted
 * @param unread - those of which nothing can be learned
 * @returns whether something came in since {@link learnManifests} that the ledger has not read
 */
export async function hasUnknown(
  tx: Queryable,
  repository: RepositoryName,
  digest: Digest,
  unread: readonly Digest[],
): Promise<boolean> {
  const options = { also: digest, absent: unread, limit: 1 };
  return (await readUnknownManifests(tx, repository, options)).length > 0;
}

/** @returns the fault where {@link hasUnknown} */
export function changing(): Fault {
  return new Fault("UNAVAILABLE", { message: "the repository is changing; try again" });
}

async function learn(
  deps: LearnDeps,
  repository: RepositoryName,
  { digest, isKept }: UnknownManifest,
): Promise<"learned" | "absent" | "unreadable"> {
  const kept = isKept ? await readManifest(deps.db, repository, digest) : null;
  const manifest =
    kept === null ? await fromRegistry(deps, repository, digest) : await readStored(kept);
  if (typeof manifest === "string") return manifest;
  await storeManifest(deps.db, repository, manifest, "found");
  return "learned";
}

async function fromRegistry(
  deps: LearnDeps,
  repository: RepositoryName,
  digest: Digest,
): Promise<StoredManifest | "absent" | "unreadable"> {
  try {
    return (await deps.upstreamManifest({ repository }, digest)) ?? "absent";
  } catch (cause) {
    if (cause instanceof Unreadable) return "unreadable";
    throw new Fault("UNAVAILABLE", {
      message: "the registry cannot be asked what its tags need; try again",
      cause,
    });
  }
}
