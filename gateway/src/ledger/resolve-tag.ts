import type { Digest } from "#registry-protocol/digest.js";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { adopt, type AdoptDeps } from "./adopt.js";
import type { AskLedger } from "./ask-ledger.js";
import type { LatestInheritance } from "./latest-inheritance.js";
import type { Remembered, RememberedTags } from "./remembered-tags.js";
import { readLatest } from "./sql/latest-tag.js";
import { readTagMeaning, type TagMeaning } from "./sql/read-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";

/** What resolving needs. */
export interface ResolveDeps extends AdoptDeps {
  readonly policy: TagPolicy;
  /** @returns the digest that a tag has at the registry. @throws Unreadable, or anything else when that cannot be told */
  readonly upstreamDigest: (key: TagKey, supposed?: Digest) => Promise<Digest | null>;
  readonly inheritance: LatestInheritance;
  /** What tags meant, for the time when the ledger cannot be asked. */
  readonly remembered: RememberedTags;
  readonly ask: AskLedger;
}

/** What a reader of a tag gets. */
export type Resolution =
  | { readonly kind: "digest"; readonly digest: Digest }
  /**
   * What the registry has while nobody can say whether that stays: the tag's first push is under way, or the ledger
   * cannot be asked.
   */
  | { readonly kind: "unsettled"; readonly digest: Digest }
  | { readonly kind: "nothing" };

/** Finds what tags mean. */
export interface TagResolver {
  /**
   * @param key - a tag
   * @returns what readers of it get
   * @throws Fault MANIFEST_UNREADABLE when only the registry knows the tag, and cannot read it; UNAVAILABLE when that cannot be told: the tag is new to the ledger and the registry does not answer
   *   or pushes of it come and go; or the ledger cannot be asked, and it is virtual or was deleted
   */
  resolve(key: TagKey): Promise<Resolution>;
  /**
   * Told when any gateway has settled a push or deletion of a tag, and what it means then, if that is known.
   *
   * @returns when what is remembered is true again
   */
  settled(key: TagKey, digest: Digest | null): Promise<void>;
}

/** What is found at the registry counts when the ledger says the same before and after; else it is looked at again. */
const LOOKS = 4;

/**
 * @param deps - ledger and registry
 * @returns a resolver that remembers what tags meant, for the time when the ledger cannot be asked
 */
export function tagResolver(deps: ResolveDeps): TagResolver {
  const { remembered } = deps;
  return {
    resolve: async (key) => {
      try {
        return await resolveInLedger(deps, key);
      } catch (error) {
        if (!isLedgerAway(error)) throw error;
        if (!(error instanceof Fault)) deps.log.error({ event: "ledger.unreadable", err: error });
        return resolveWithoutLedger(deps, key, error);
      }
    },
    settled: async (key, digest) => {
      const known = remembered.recall(key);
      if (deps.policy.isVirtual(key) || known.kind === "nothing") return;
      // What was read since, or did not change, needs no second look, which could fail.
      if (known.kind === "digest" && known.digest === digest) return;
      await ledgerMeaning(deps, key).catch(() => {
        remembered.isDoubtful(key);
      });
    },
  };
}

/**
 * What the ledger said last counts. Of a tag that it said nothing about, the digest is taken from the registry, by
 * a request of the gateway's own: so it is the same one for every reader, whatever they accept.
 */
async function resolveWithoutLedger(
  deps: ResolveDeps,
  key: TagKey,
  cause: unknown,
): Promise<Resolution> {
  const known = deps.remembered.recall(key);
  if (known.kind === "digest") return known;
  if (deps.policy.isVirtual(key)) throw cause;
  if (known.kind !== "nothing") throw new Undecided(WITHHELD[known.kind], cause);
  const found = await upstreamDigest(deps, key);
  return found === null ? { kind: "nothing" } : { kind: "unsettled", digest: found };
}

/** Why a tag is not served from the registry, although that may have it. */
const WITHHELD: Readonly<Record<Exclude<Remembered["kind"], "digest" | "nothing">, string>> = {
  deleted:
    "the tag was deleted, and whether that is still so cannot be told while the ledger is away; try again",
  doubtful:
    "the registry may have another digest than the ledger, which is away; which one counts cannot be told; try again",
};

async function resolveInLedger(deps: ResolveDeps, key: TagKey): Promise<Resolution> {
  if (deps.policy.isVirtual(key)) return newest(deps, key);
  for (let look = 0; look < LOOKS; look += 1) {
    const resolution = await lookOnce(deps, key);
    if (resolution !== null) return resolution;
  }
  throw new Undecided("the tag is being pushed, try again");
}

/** @returns `null` when the ledger has to be asked again */
async function lookOnce(deps: ResolveDeps, key: TagKey): Promise<Resolution | null> {
  const meaning = await ledgerMeaning(deps, key);
  if (meaning.kind === "means") return { kind: "digest", digest: meaning.digest };
  if (meaning.kind === "nothing") return { kind: "nothing" };
  const found = await upstreamDigest(deps, key);
  if (found === null) return { kind: "nothing" };
  if (meaning.kind === "reserved") return besidesPush(deps, key, meaning.digest, found);
  // A tag that was at the registry before the ledger, or that was written behind our back. Somebody may have
  // been faster, with another digest: the ledger says which one counts.
  await adopt(deps, key, found, "found at the registry when it was read");
  return null;
}

/** Asks the ledger, and remembers what it says. What is not settled must not outlive the push that settles it. */
async function ledgerMeaning(
  { db, remembered, ask }: ResolveDeps,
  key: TagKey,
): Promise<TagMeaning> {
  const meaning = await ask(() => readTagMeaning(db, key));
  if (meaning.kind === "means") remembered.means(key, meaning.digest);
  else if (meaning.kind === "nothing") remembered.isDeleted(key);
  else remembered.forget(key);
  return meaning;
}

async function newest(deps: ResolveDeps, key: TagKey): Promise<Resolution> {
  const { db, remembered, inheritance, ask } = deps;
  const known = await ask(() => readLatest(db, key.repository));
  const meant = known ?? (await inheritance.find(key.repository));
  if (meant === null) remembered.forget(key);
  else remembered.means(key, meant.digest);
  return meant === null ? { kind: "nothing" } : { kind: "digest", digest: meant.digest };
}

async function upstreamDigest(deps: ResolveDeps, key: TagKey): Promise<Digest | null> {
  return deps.upstreamDigest(key).catch((error: unknown) => {
    if (error instanceof Unreadable)
      throw new Fault("MANIFEST_UNREADABLE", {
        message: `${error.message} (tag ${key.tag})`,
        detail: { name: key.repository, tag: key.tag },
      });
    throw new Undecided("the registry is unavailable for the moment, try again", error);
  });
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
  const meaning = await deps.ask(() => readTagMeaning(deps.db, key));
  const isSamePush = meaning.kind === "reserved" && meaning.digest === reserved;
  return isSamePush ? { kind: "unsettled", digest: found } : null;
}

/** Unlike an unavailable ledger it is no reason to serve what is remembered. */
class Undecided extends Fault {
  constructor(message: string, cause?: unknown) {
    super("UNAVAILABLE", { message, cause });
  }
}

/** A read never fails because of the ledger, whatever is wrong there. */
function isLedgerAway(error: unknown): boolean {
  if (error instanceof Undecided) return false;
  return isUnavailable(error) || !(error instanceof Fault);
}
