import { LRUCache } from "lru-cache";
import type { Digest } from "#registry-protocol/digest.js";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import { adopt, type AdoptDeps } from "./adopt.js";
import { readNewestDigest, readTagMeaning } from "./sql/read-tag.js";
import type { TagKey } from "./sql/reserve-tag.js";
import type { TagPolicy } from "./tag-policy.js";
import { LATEST } from "./tag-rules.js";

/** What resolving needs. */
export interface ResolveDeps extends AdoptDeps {
  readonly policy: TagPolicy;
  /** @returns the digest that a tag has at the registry. @throws when that cannot be told */
  readonly upstreamDigest: (key: TagKey) => Promise<Digest | null>;
}

/** What a reader of a tag gets. */
export type Resolution =
  | { readonly kind: "digest"; readonly digest: Digest }
  | { readonly kind: "nothing" }
  /** The ledger cannot be asked and the tag is not remembered: the registry's own word has to do. */
  | { readonly kind: "ask-registry" };

/** Finds what tags mean. */
export interface TagResolver {
  /**
   * @param key - a tag
   * @returns what readers of it get
   * @throws Fault UNAVAILABLE when it is virtual and the ledger cannot be asked, or when the tag is new to
   *   the ledger and the registry does not answer
   */
  resolve(key: TagKey): Promise<Resolution>;
}

const REMEMBERED_TAGS = 50_000;

/**
 * @param deps - ledger and registry
 * @returns a resolver that remembers what tags meant, for the time when the ledger cannot be asked
 */
export function tagResolver(deps: ResolveDeps): TagResolver {
  const remembered = new LRUCache<string, Digest>({ max: REMEMBERED_TAGS });
  return {
    resolve: async (key) => {
      const name = `${key.repository}:${key.tag}`;
      try {
        const resolution = await resolveInLedger(deps, key);
        if (resolution.kind === "digest") remembered.set(name, resolution.digest);
        else remembered.delete(name);
        return resolution;
      } catch (error) {
        if (!isLedgerAway(error)) throw error;
        const digest = remembered.get(name);
        if (digest !== undefined) return { kind: "digest", digest };
        if (isVirtual(deps, key)) throw error;
        return { kind: "ask-registry" };
      }
    },
  };
}

async function resolveInLedger(deps: ResolveDeps, key: TagKey): Promise<Resolution> {
  if (isVirtual(deps, key)) return orNothing(await readNewestDigest(deps.db, key.repository));
  const meaning = await readTagMeaning(deps.db, key);
  if (meaning.kind === "means") return { kind: "digest", digest: meaning.digest };
  if (meaning.kind === "nothing") return { kind: "nothing" };
  return adoptFound(deps, key);
}

/** A tag that was at the registry before the ledger, or that was written behind our back. */
async function adoptFound(deps: ResolveDeps, key: TagKey): Promise<Resolution> {
  const digest = await deps.upstreamDigest(key).catch((error: unknown) => {
    throw new RegistryAway(error);
  });
  if (digest === null) return { kind: "nothing" };
  await adopt(deps, key, digest, "found at the registry when it was read");
  // Somebody may have been faster, with another digest: the ledger says which one counts.
  const meaning = await readTagMeaning(deps.db, key);
  return orNothing(meaning.kind === "means" ? meaning.digest : null);
}

class RegistryAway extends Fault {
  constructor(cause: unknown) {
    super("UNAVAILABLE", {
      message: "the registry is unavailable for the moment, try again",
      cause,
    });
  }
}

function isLedgerAway(error: unknown): boolean {
  return isUnavailable(error) && !(error instanceof RegistryAway);
}

function isVirtual({ policy }: ResolveDeps, { repository, tag }: TagKey): boolean {
  return tag === LATEST && policy.isLatestVirtual(repository);
}

function orNothing(digest: Digest | null): Resolution {
  return digest === null ? { kind: "nothing" } : { kind: "digest", digest };
}
