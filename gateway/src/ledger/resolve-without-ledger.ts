import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { TagPolicy } from "#tag-policy/tag-policy.js";
import type { FinalWord, Remembered, RememberedTags } from "./remembered-tags.js";
import type { TagWord } from "./settled-notice.js";

/** What a reader of a tag gets. */
export type Resolution =
  | {
      readonly kind: "digest";
      readonly digest: Digest;
      /** By which digest whoever pushed the tag called that manifest; absent: by this one. */
      readonly called?: Digest;
    }
  /**
   * What the registry has while nobody can say whether that stays: the tag's first push is under way, or the ledger
   * cannot be asked.
   */
  | { readonly kind: "unsettled"; readonly digest: Digest }
  | { readonly kind: "nothing" };

/** What resolving without the ledger needs. */
export interface WithoutLedgerDeps {
  readonly policy: TagPolicy;
  /** @returns the digest that a tag has at the registry. @throws Unreadable, or anything else when that cannot be told */
  readonly upstreamDigest: (key: TagKey, supposed?: Digest) => Promise<Digest | null>;
  readonly remembered: Pick<RememberedTags, "recall">;
}

type RememberedDigest = Extract<Remembered, { kind: "means" }>;

/**
 * What can change no more is served as it is remembered. Of what can, only the registry knows whether another gateway has
 * pushed it since: while that has what is remembered, it counts, and where the registry has something else, nobody can tell who
 * wrote it (decision 0016). Of a tag of which nothing is remembered, the digest is taken from the registry, by a request of the
 * gateway's own: so it is the same one for every reader, whatever they accept.
 *
 * @param deps - what is remembered, and the registry
 * @param key - the tag
 * @param cause - why the ledger cannot be asked
 * @returns what readers get
 * @throws Fault UNAVAILABLE when nobody can tell
 */
export async function resolveWithoutLedger(
  deps: WithoutLedgerDeps,
  key: TagKey,
  cause: unknown,
): Promise<Resolution> {
  const known = deps.remembered.recall(key);
  if (deps.policy.isVirtual(key)) {
    // The registry knows of no newest tag.
    if (known.kind === "means") return { kind: "digest", digest: known.digest };
    throw cause;
  }
  if (known.kind === "means") return stillMeant(deps, key, known, cause);
  if (known.kind !== "nothing") throw new Undecided(WITHHELD[known.kind], cause);
  const found = await upstreamDigest(deps, key);
  return found === null ? { kind: "nothing" } : { kind: "unsettled", digest: found };
}

/** Why a tag is not served from the registry, although that may have it. */
const WITHHELD = {
  deleted:
    "the tag was deleted, and whether that is still so cannot be told while the ledger is away; try again",
  doubtful:
    "the registry may have another digest than the ledger, which is away; which one counts cannot be told; try again",
} as const;

async function stillMeant(
  deps: WithoutLedgerDeps,
  key: TagKey,
  known: RememberedDigest,
  cause: unknown,
): Promise<Resolution> {
  const { digest, drift, isFresh } = known;
  if (isFresh || isFinal(deps.policy, key, known)) return meant(known);
  const found = await upstreamDigest(deps, key, digest);
  if (found === digest || (found !== null && found === drift)) return meant(known);
  throw new Undecided(WITHHELD.doubtful, cause);
}

/**
 * @param word - what the ledger says, or said
 * @returns what a reader gets
 */
export function meant({ digest, called }: Pick<RememberedDigest, "digest" | "called">): Resolution {
  return { kind: "digest", digest, ...(called === undefined ? {} : { called }) };
}

/** The rules may have changed since: what they let go then may be pushed now. */
function isFinal(
  policy: TagPolicy,
  key: TagKey,
  { locked, isFinal: was }: RememberedDigest,
): boolean {
  return locked || (was && isImmutable(policy, key));
}

function isImmutable(policy: TagPolicy, { repository, tag }: TagKey): boolean {
  return policy.ruleFor(repository, tag).mutability !== "mutable";
}

/**
 * @param policy - the rules
 * @param key - a tag
 * @param word - what the ledger says of it
 * @returns that, and whether it can change
 */
export function finalWord(policy: TagPolicy, key: TagKey, word: TagWord): FinalWord {
  if (word.kind === "deleted") return word;
  return { ...word, isFinal: word.locked || isImmutable(policy, key) };
}

/**
 * @param deps - the registry
 * @param key - a tag
 * @param supposed - a digest that it may have there
 * @returns the digest that it has there, or `null` when it has none
 * @throws Fault MANIFEST_UNREADABLE when the registry cannot read it, UNAVAILABLE when that cannot be told
 */
export async function upstreamDigest(
  deps: Pick<WithoutLedgerDeps, "upstreamDigest">,
  key: TagKey,
  supposed?: Digest,
): Promise<Digest | null> {
  return deps.upstreamDigest(key, supposed).catch((error: unknown) => {
    if (error instanceof Unreadable)
      throw new Fault("MANIFEST_UNREADABLE", {
        message: `${error.message} (tag ${key.tag})`,
        detail: { name: key.repository, tag: key.tag },
      });
    throw new Undecided("the registry is unavailable for the moment, try again", error);
  });
}

/** Unlike an unavailable ledger it is no reason to serve what is remembered. */
export class Undecided extends Fault {
  constructor(message: string, cause?: unknown) {
    super("UNAVAILABLE", { message, cause });
  }
}
