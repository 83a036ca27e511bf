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
  /** What the registry has while the tag's first push is under way: that push may yet change it. */
  | { readonly kind: "unsettled"; readonly digest: Digest }
  | { readonly kind: "nothing" }
  /** The ledger cannot be asked and the tag is not remembered: the registry's own word has to do. */
  | { readonly kind: "ask-registry" };

/** Finds what tags mean. */
export interface TagResolver {
  /**
   * @param key - a tag
   * @returns what readers of it get
   * @throws Fault UNAVAILABLE when it is virtual and the ledger cannot be asked, or when the tag is new to
   *   the ledger and the registry does not answer or pushes of it come and go
   */
  resolve(key: TagKey): Promise<Resolution>;
}

const REMEMBERED_TAGS = 50_000;
/** What is found at the registry counts when the ledger says the same before and after; else it is looked at again. */
const LOOKS = 4;

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
        // What is not settled must not outlive the push that settles it.
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
  for (let look = 0; look < LOOKS; look += 1) {
    const resolution = await lookOnce(deps, key);
    if (resolution !== null) return resolution;
  }
  throw new Undecided("the tag is being pushed, try again");
}

/** @returns `null` when the ledger has to be asked again */
async function lookOnce(deps: ResolveDeps, key: TagKey): Promise<Resolution | null> {
  const meaning = await readTagMeaning(deps.db, key);
  if (meaning.kind === "means") return { kind: "digest", digest: meaning.digest };
  if (meaning.kind === "nothing") return { kind: "nothing" };
  const found = await deps.upstreamDigest(key).catch((error: unknown) => {
    throw new Undecided("the registry is unavailable for the moment, try again", error);
  });
  if (found === null) return { kind: "nothing" };
  if (meaning.kind === "reserved") return besidesPush(deps, key, meaning.digest, found);
  // A tag that was at the registry before the ledger, or that was written behind our back. Somebody may have
  // been faster, with another digest: the ledger says which one counts.
  await adopt(deps, key, found, "found at the registry when it was read");
  return null;
}

/**
 * The tag's first push is under way. What it writes is not there before it is acknowledged. Anything else
 * stood there before, and its readers do not go without because somebody tries to push. It is not adopted:
 * the push does that, or whoever settles it. Only if something is written past that push after it found the
 * name free (behind our back, or by a push given up earlier) can readers get that first and then what is
 * acknowledged; of an acknowledged tag they never do.
 */
async function besidesPush(
  deps: ResolveDeps,
  key: TagKey,
  reserved: Digest,
  found: Digest,
): Promise<Resolution | null> {
  if (found === reserved) return { kind: "nothing" };
  // Meanwhile it may have been acknowledged, or what was found may be of the push after it.
  const meaning = await readTagMeaning(deps.db, key);
  const isSamePush = meaning.kind === "reserved" && meaning.digest === reserved;
  return isSamePush ? { kind: "unsettled", digest: found } : null;
}

/** Unlike an unavailable ledger it is no reason to serve what is remembered. */
class Undecided extends Fault {
  constructor(message: string, cause?: unknown) {
    super("UNAVAILABLE", { message, cause });
  }
}

function isLedgerAway(error: unknown): boolean {
  return isUnavailable(error) && !(error instanceof Undecided);
}

function isVirtual({ policy }: ResolveDeps, { repository, tag }: TagKey): boolean {
  return tag === LATEST && policy.isLatestVirtual(repository);
}

function orNothing(digest: Digest | null): Resolution {
  return digest === null ? { kind: "nothing" } : { kind: "digest", digest };
}
