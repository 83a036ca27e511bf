import type { Digest } from "#registry-protocol/digest.js";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import { adopt, type AdoptDeps } from "./adopt.js";
import type { Ask } from "#service-kit/db/asker.js";
import type { LatestInheritance } from "./latest-inheritance.js";
import type { RememberedTags } from "./remembered-tags.js";
import {
  finalWord,
  meant,
  resolveWithoutLedger,
  Undecided,
  upstreamDigest,
  type Resolution,
  type WithoutLedgerDeps,
} from "./resolve-without-ledger.js";
import type { SettledNotice } from "./settled-notice.js";
import { readLatest } from "./sql/latest-tag.js";
import { readTagMeaning, type TagMeaning } from "./sql/read-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import { parseTag } from "#registry-protocol/tag.js";
import { isSignatureTag, LATEST } from "#tag-policy/tag-policy.js";

/** What resolving needs. */
export interface ResolveDeps extends AdoptDeps, WithoutLedgerDeps {
  readonly inheritance: LatestInheritance;
  /** What tags meant. */
  readonly remembered: RememberedTags;
  readonly ask: Ask;
}

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
   * @param key - a tag
   * @returns what it means, where that is in memory, the ledger said so only just now, and it is called so; `null`: that has to be resolved
   */
  recall(key: TagKey): Digest | null;
  /**
   * Told what any gateway told of a tag.
   *
   * @returns when what was put in doubt by that has been looked up, or cannot be
   */
  settled(key: TagKey, notice: SettledNotice): Promise<void>;
}

/** What is found at the registry counts when the ledger says the same before and after; else it is looked at again. */
const LOOKS = 4;

/**
 * @param deps - ledger and registry
 * @returns a resolver that remembers what tags meant, for the time when the ledger cannot be asked
 */
export function tagResolver(deps: ResolveDeps): TagResolver {
  return {
    resolve: async (key) => {
      const known = deps.remembered.recall(key);
      if (known.kind === "means" && known.isFresh) return meant(known);
      if (known.kind === "deleted" && known.isFresh) return { kind: "nothing" };
      try {
        return await resolveInLedger(deps, key);
      } catch (error) {
        if (!isLedgerAway(error)) throw error;
        if (!(error instanceof Fault)) deps.log.error({ event: "ledger.unreadable", err: error });
        return resolveWithoutLedger(deps, key, error);
      }
    },
    recall: (key) => {
      const known = deps.remembered.recall(key);
      if (known.kind !== "means" || !known.isFresh || known.called !== undefined) return null;
      return known.digest;
    },
    settled: (key, notice) => settled(deps, key, notice),
  };
}

/** What is in doubt then is looked up; what cannot be looked up stays in doubt. */
async function settled(deps: ResolveDeps, key: TagKey, notice: SettledNotice): Promise<void> {
  const { policy, remembered } = deps;
  if (notice.kind === "unchanged") return;
  const looks: Promise<unknown>[] = [];
  const news = "revision" in notice ? finalWord(policy, key, notice) : notice;
  if (!policy.isVirtual(key) && remembered.told(key, news)) looks.push(ledgerMeaning(deps, key));
  // Virtual `latest` may mean another tag since.
  const latest = { ...key, tag: parseTag(LATEST) };
  const mayMove = policy.isVirtual(latest) && !isSignatureTag(key.tag);
  if (mayMove && remembered.told(latest, { kind: "unsure" })) looks.push(newest(deps, latest));
  await Promise.allSettled(looks);
}

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
  if (meaning.kind === "means") return meant(meaning);
  if (meaning.kind === "deleted") return { kind: "nothing" };
  const found = await upstreamDigest(deps, key);
  if (found === null) return { kind: "nothing" };
  if (meaning.kind === "reserved") return besidesPush(deps, key, meaning.digest, found);
  // A tag that was at the registry before the ledger, or that was written behind our back. Somebody may have
  // been faster, with another digest: the ledger says which one counts.
  await adopt(deps, key, found, "found at the registry when it was read");
  return null;
}

/** Asks the ledger, and remembers what it says. What is not settled must not outlive the push that settles it. */
async function ledgerMeaning(deps: ResolveDeps, key: TagKey): Promise<TagMeaning> {
  const { db, policy, remembered, ask } = deps;
  const asked = remembered.asking();
  const meaning = await ask(() => readTagMeaning(db, key));
  const word = "revision" in meaning ? finalWord(policy, key, meaning) : null;
  remembered.answered(key, word, asked);
  return meaning;
}

async function newest(deps: ResolveDeps, key: TagKey): Promise<Resolution> {
  const { db, remembered, inheritance, ask } = deps;
  const asked = remembered.asking();
  const known = await ask(() => readLatest(db, key.repository));
  const meant = known ?? (await inheritance.find(key.repository));
  const settled = { kind: "means", locked: false, isFinal: false } as const;
  remembered.answered(key, meant === null ? null : { ...meant, ...settled }, asked);
  return meant === null ? { kind: "nothing" } : { kind: "digest", digest: meant.digest };
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

/** A read never fails because of the ledger, whatever is wrong there. */
function isLedgerAway(error: unknown): boolean {
  if (error instanceof Undecided) return false;
  return isUnavailable(error) || !(error instanceof Fault);
}
