import type { Digest } from "#registry-protocol/digest.js";
import { Fault } from "#registry-protocol/faults.js";
import { namesSubject } from "#registry-protocol/manifest/references.js";
import { Unreadable } from "#registry-protocol/manifest/unreadable.js";
import { keepSource } from "../scm/keep-source.js";
import { adopt } from "./adopt.js";
import { givingBack } from "./giving-back.js";
import type { PushDeps, TagPush } from "./push.js";
import { putAuthorOnRecord } from "./name-author.js";
import { refusalOf, unreadableRefusal } from "./refusal.js";
import { refuseMissing } from "./refuse-missing.js";
import { refuseShrinking } from "./refuse-shrinking.js";
import { refuseUnmatched, refuseUnmatchedRepeat } from "./refuse-unmatched.js";
import { hasRuleChanged } from "./rule-changed.js";
import { NEVER_GONE, refuseGone, unlessGone } from "./client-gone.js";
import { recordFound } from "./record-manifest.js";
import {
  commitPush,
  describeClaim,
  isUnclear,
  leaveSent,
  releasePush,
  releaseUnanswered,
  type RegistryVerdict,
} from "./settle.js";
import { readTagState } from "./sql/read-tag.js";
import { reserveTag } from "./sql/reserve-tag.js";
import { storeManifest } from "./sql/store-manifest.js";
import { tellReferrer } from "./told-referrers.js";
import { wasFreeBefore } from "./sql/unanswered-writes.js";
import { tagGroundsOf } from "#tag-policy/tag-grounds.js";
import type { TagRule } from "#tag-policy/tag-rule.js";
import { decideTagWrite } from "#tag-policy/decide-tag-write.js";
import { withSource } from "./want-source.js";

export type { PushDeps, TagPush } from "./push.js";
export type { RegistryVerdict } from "./settle.js";

/** How the manifest gets to the registry. */
export interface ManifestTransport<V extends RegistryVerdict> {
  /** @returns the registry's answer. @throws when nobody knows what came of it */
  send(): Promise<V>;
  /** @returns the digest that the tag has at the registry now. @throws when that cannot be told */
  currentDigest(): Promise<Digest | null>;
  /** @returns whether all that the manifest needs stands at the registry; absent: that is supposed */
  isWhole?(): Promise<boolean>;
  /** Aborted when the client has gone; absent: it waits until the end. */
  readonly gone?: AbortSignal;
}

/** The registry's answer, or `null` when it was lost but the tag is there all the same. */
export interface SettledPush<V> {
  readonly verdict: V | null;
}

const LEASE_SECONDS = 60;
/** How long a push waits for another push of the same tag. */
const PATIENCE_MILLISECONDS = 45_000;
/** A notification may get lost with its connection; then the ledger is asked again after this long. */
const LONGEST_WAIT_MILLISECONDS = 2_000;

/**
 * Pushes a manifest under a tag: reserves the tag in the ledger, has the registry store the manifest,
 * and commits or releases by what came of it (docs/architecture.md, "The push protocol").
 *
 * @param deps - ledger, clock, log
 * @param offered - what is pushed by whom
 * @param transport - the way to the registry
 * @returns the registry's answer; of the 4xx family when it would not have the manifest
 * @throws Fault TAG_HELD, TAG_DELETED, TAG_FORBIDDEN or SCM_SOURCE_REQUIRED when the tag may not be written,
 *   PRECONDITION_FAILED when it is not what the push asks for,
 *   BODY_INCOMPLETE when the client went away before the registry was asked, UNAVAILABLE when that could not be decided; then nothing has been acknowledged and the same push can be made again
 */
export async function pushTag<V extends RegistryVerdict>(
  deps: PushDeps,
  offered: TagPush,
  transport: ManifestTransport<V>,
): Promise<SettledPush<V>> {
  const deadline = deps.waiting.now() + PATIENCE_MILLISECONDS;
  const gone = transport.gone ?? NEVER_GONE;
  let known = offered;
  for (;;) {
    refuseAbandoned(deps, gone);
    // Rules may change while a push waits; the one at its turn applies.
    const rule = deps.policy.ruleFor(offered.repository, offered.tag);
    if (rule.mutability === "forbidden") throw await refusalOf(deps, offered, rule, null);
    const grounds = tagGroundsOf(deps.policy, offered.repository, offered.tag);
    const push = { ...(await withSource(deps, known, rule)), grounds };
    known = push;
    const options = { leaseSeconds: LEASE_SECONDS, mutable: rule.mutability === "mutable" };
    const reserved = await givingBack(deps, push, () => reserveTag(deps.db, push, options));
    if (
      reserved === "known" ||
      (reserved === "new" && (await isNewToRegistry(deps, push, rule, transport)))
    ) {
      if (await hasRuleChanged(deps, push, rule)) continue;
      await refuseUnmatched(deps, push, rule);
      await refuseShrinking(deps, push, rule);
      await refuseMissing(deps, push);
      if (gone.aborted) await releasePush(deps, push, "its client has gone");
      refuseAbandoned(deps, gone);
      return writeReserved(deps, push, transport, reserved === "new");
    }
    const state = await readTagState(deps.db, push);
    const decision = decideTagWrite(state, push.digest, rule.mutability);
    if (decision.outcome === "refuse") throw await refusalOf(deps, push, rule, decision);
    if (decision.outcome === "repeat") {
      refuseUnmatchedRepeat(deps, push, rule);
      const repeated = await repeat(deps, push, transport);
      if (repeated !== null) return repeated;
    }
    const left = deadline - deps.waiting.now();
    if (left <= 0) throw undecided(deps, "another push of this tag is under way");
    if (decision.outcome === "recover") await recoverOrWait(deps, push);
    if (decision.outcome === "wait") {
      deps.counts.step("waited");
      await unlessGone(
        deps.waiting.untilSettled(push, Math.min(left, LONGEST_WAIT_MILLISECONDS)),
        gone,
      );
    }
  }
}

/** Nobody waits for what comes of it, and the registry has not heard of it yet. */
function refuseAbandoned(deps: PushDeps, gone: AbortSignal): void {
  if (gone.aborted) {
    deps.counts.outcome("abandoned");
    deps.counts.step("abandoned");
  }
  refuseGone(gone);
}

/**
 * A tag that the ledger has never heard of may stand at the registry from before its time. Then the
 * registry's digest is taken into the ledger first, and the rules apply to it.
 */
async function isNewToRegistry<V extends RegistryVerdict>(
  deps: PushDeps,
  push: TagPush,
  rule: TagRule,
  transport: ManifestTransport<V>,
): Promise<boolean> {
  const current = await transport.currentDigest().catch(async (error: unknown) => {
    // Nobody can read it, so a tag that may change may become something else.
    if (error instanceof Unreadable && mayReplaceUnread(rule)) return null;
    // It was free, and what is there is what a push left behind of which nobody was told that it is done.
    if (await wasFreeBefore(deps.db, push).catch(() => false)) return null;
    await releasePush(deps, push, "the registry does not answer");
    if (error instanceof Unreadable) throw await unreadableRefusal(deps, push, rule, error);
    throw undecided(deps, "the registry does not answer", error);
  });
  if (current === null || current === push.digest) return true;
  await releasePush(deps, push, "the registry has the tag already");
  await adopt(deps, push, current, "found at the registry when it was pushed");
  return false;
}

/** Of a tag that may only grow, nobody can tell what it would lose. */
function mayReplaceUnread({ mutability, appendOnly }: TagRule): boolean {
  return mutability === "mutable" && appendOnly !== true;
}

/**
 * Should the registry have lost the manifest, a repeated push brings it back; should it have lost a part, it tells which.
 * While it has all, it is spared: with files as storage it rewrites what it has in place, and answers readers 500 meanwhile.
 *
 * @returns `null` when the tag was deleted or replaced meanwhile: then the push is one as any other
 */
async function repeat<V extends RegistryVerdict>(
  deps: PushDeps,
  push: TagPush,
  transport: ManifestTransport<V>,
): Promise<SettledPush<V> | null> {
  const current = await transport.currentDigest().catch(() => null);
  if (current === push.digest && (await isWhole(transport))) {
    if (!(await keepRepeated(deps, push))) return null;
    deps.counts.outcome("unchanged");
    return { verdict: null };
  }
  const verdict = await transport.send().catch((error: unknown) => {
    throw undecided(deps, "the registry did not answer", error);
  });
  if (isUnclear(verdict)) throw undecided(deps, `the registry answered ${verdict.status}`);
  if (verdict.status < 300 && !(await keepRepeated(deps, push))) return null;
  deps.counts.outcome(verdict.status < 300 ? "unchanged" : "rejected");
  return { verdict };
}

/** @returns whether the tag still means what is pushed; then what else came with the push is kept */
async function keepRepeated(deps: PushDeps, push: TagPush): Promise<boolean> {
  const state = await readTagState(deps.db, push);
  if (state.kind !== "held" || state.digest !== push.digest) return false;
  if (state.by === "") await putAuthorOnRecord(deps, push);
  // Of a tag that was only found the ledger may not have it, and its subject is about to be acknowledged.
  if (namesSubject(push.manifest.reading)) await keepReferrer(deps, push);
  await keepSource(deps, push);
  return true;
}

async function keepReferrer(
  { db }: Pick<PushDeps, "db">,
  { repository, manifest }: TagPush,
): Promise<void> {
  await db.transaction(async (tx) => {
    if ((await storeManifest(tx, repository, manifest, "found")) !== null)
      tellReferrer(tx, repository, manifest);
  }, repository);
}

function isWhole<V extends RegistryVerdict>(transport: ManifestTransport<V>): Promise<boolean> {
  return transport.isWhole?.() ?? Promise.resolve(true);
}

async function writeReserved<V extends RegistryVerdict>(
  deps: PushDeps,
  push: TagPush,
  transport: ManifestTransport<V>,
  wasFree: boolean,
): Promise<SettledPush<V>> {
  deps.counts.step("reserved");
  const verdict = await transport.send().catch((error: unknown) => {
    deps.log.warn({ event: "push.unclear", ...describeClaim(push), err: error });
    return null;
  });
  deps.counts.step("sent");
  if (verdict === null || isUnclear(verdict)) return settleUnclear(deps, push, transport, wasFree);
  if (verdict.status < 300) {
    await commitCounted(deps, push, "stored by the registry");
    return { verdict };
  }
  await releasePush(deps, push, `the registry answered ${verdict.status}`);
  deps.counts.outcome("rejected");
  return { verdict };
}

/** No answer, or one that says nothing about the tag: what the registry has now decides. */
async function settleUnclear<V extends RegistryVerdict>(
  deps: PushDeps,
  push: TagPush,
  transport: ManifestTransport<V>,
  wasFree: boolean,
): Promise<SettledPush<V>> {
  deps.counts.step("unclear");
  const current = await transport.currentDigest().catch(async (error: unknown) => {
    await leaveSent(deps, push, wasFree);
    throw undecided(deps, "the registry does not answer", error);
  });
  if (current === push.digest) {
    await commitCounted(deps, push, "found at the registry after its answer was lost");
    return { verdict: null };
  }
  await recordFound(deps, push).catch(async (error: unknown) => {
    await leaveSent(deps, push, wasFree);
    throw undecided(deps, "what the registry stored cannot be put on record", error);
  });
  const reason = "not found at the registry after its answer was lost";
  await releaseUnanswered(deps, push, reason, wasFree);
  throw undecided(deps, "the registry did not store the manifest");
}

async function commitCounted(deps: PushDeps, push: TagPush, reason: string): Promise<void> {
  try {
    const change = await commitPush(deps, push, push.manifest, reason);
    if (change === "unchanged") await putAuthorOnRecord(deps, push);
  } catch (error) {
    deps.counts.outcome("undecided");
    throw error;
  }
  deps.counts.outcome("stored");
}

async function recoverOrWait(deps: PushDeps, push: TagPush): Promise<void> {
  try {
    await deps.waiting.recover(push);
  } catch (error) {
    deps.log.warn({ event: "recovery.failed", ...describeClaim(push), err: error });
    await deps.waiting.untilSettled(push, LONGEST_WAIT_MILLISECONDS);
  }
}

function undecided(deps: PushDeps, reason: string, cause?: unknown): Fault {
  deps.counts.outcome("undecided");
  return new Fault("UNAVAILABLE", { message: `${reason}; push again`, cause });
}
