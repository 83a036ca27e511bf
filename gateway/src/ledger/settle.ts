import type { AuditEntry } from "#audit-log/entry.js";
import { Fault, isUnavailable } from "#registry-protocol/faults.js";
import { childrenOf } from "#registry-protocol/manifest/references.js";
import type {
  OwnTransaction,
  Queryable,
  SharedDatabase,
  Transaction,
} from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { replacedEntry } from "../scm/keep-source.js";
import { keepNamed, namedSource, searchSource } from "../scm/record-source.js";
import type { FoundSource } from "../scm/scm-source.js";
import type { PushCounts } from "./push-counts.js";
import { recordFound, type RecordFoundDeps } from "./record-manifest.js";
import { lockAndFindDeleted } from "./sql/manifest-needs.js";
import { readTagState } from "./sql/read-tag.js";
import type { TagClaim } from "./sql/reserve-tag.js";
import {
  commitTag,
  releaseTag,
  shortenLease,
  type CommitChange,
  type Committed,
} from "./sql/settle-tag.js";
import { storeManifest } from "./sql/store-manifest.js";
import { noteUnanswered } from "./sql/unanswered-writes.js";
import type { StoredManifest } from "#registry-protocol/manifest/stored-manifest.js";
import { isSignatureTag } from "#tag-policy/tag-policy.js";
import type { Waiting } from "./waiting.js";

/** What settling needs. */
export interface SettleDeps {
  readonly db: SharedDatabase;
  readonly log: Logger;
  /** Writes an audit entry into the transaction that it is about. */
  readonly audit: (tx: Queryable, entry: AuditEntry) => Promise<void>;
  readonly waiting: Pick<Waiting, "pause" | "bounds">;
  readonly counts: Pick<PushCounts, "step" | "source">;
}

/** What committing needs, besides: a push that cannot be committed may have left its manifest at the registry. */
export interface CommitDeps extends SettleDeps, RecordFoundDeps {
  readonly counts: Pick<PushCounts, "step" | "source" | "growth">;
}

/** What the registry said to the manifest. */
export interface RegistryVerdict {
  readonly status: number;
}

/** 401 means that the registry does not accept the gateway's own token, which is no verdict on the manifest. */
export function isUnclear({ status }: RegistryVerdict): boolean {
  return status >= 500 || status === 401;
}

/** A commit is tried again while the database is away, well within the reservation's lease. */
const COMMIT_ATTEMPTS = 5;
const COMMIT_PAUSE_MILLISECONDS = 500;
/** Long enough for a request to arrive that was under way to the registry when its answer was given up. */
const SETTLE_AGAIN_SECONDS = 5;

/**
 * Commits a push: tag, manifest and audit entry in one transaction.
 *
 * @param deps - ledger and audit log
 * @param claim - the push, whose reservation is ours
 * @param manifest - what was pushed; `null` when its bytes are not at hand
 * @param reason - how it came about, for the audit log
 * @returns what it changed; `null` when another gateway has committed it
 * @throws Fault UNAVAILABLE when it could not be committed, or when another gateway has settled it otherwise
 */
export async function commitPush(
  deps: CommitDeps,
  claim: TagClaim,
  manifest: StoredManifest | null,
  reason: string,
): Promise<CommitChange | null> {
  const commit = () =>
    deps.db.transaction((tx) => commitIn(tx, deps, { claim, manifest, reason }), claim.repository);
  const settled = await persistently(deps.waiting, commit);
  if (settled === "incomplete") throw await releaseIncomplete(deps, claim);
  if (settled === null) await confirmCommitted(deps, claim);
  const change = settled?.change ?? null;
  if (settled?.source?.isNew === true) deps.counts.source(settled.source.origin);
  deps.counts.step("committed");
  deps.log.info({ event: "push.committed", ...describeClaim(claim), change, reason });
  return change;
}

/** What is committed, and how it came about. */
interface Commit {
  readonly claim: TagClaim;
  readonly manifest: StoredManifest | null;
  readonly reason: string;
}

/** Statements that need nothing of each other go to the database together (docs/performance.md). */
async function commitIn(tx: OwnTransaction, deps: CommitDeps, { claim, manifest, reason }: Commit) {
  if (manifest !== null && (await hasLostParts(tx, claim, manifest))) return "incomplete";
  const named = namedSource(claim, manifest?.reading ?? null);
  const mayHaveSource = !isSignatureTag(claim.tag);
  const [stored, committed, searched] = await Promise.all([
    manifest === null ? null : storeManifest(tx, claim.repository, manifest, "checked"),
    commitTag(tx, claim),
    named === null ? searchSource(tx, claim, mayHaveSource) : null,
  ]);
  if (stored === "new") deps.counts.growth(claim.repository, manifest?.content.length ?? 0);
  if (committed === null) return null;
  const source = named === null ? searched : await keepNamed(tx, claim, named);
  const entries =
    committed.change === "unchanged" ? [] : [pushEntry(claim, reason, { ...committed, source })];
  if (source !== null && source.replaced !== null)
    entries.push(replacedEntry(claim, source, source.replaced));
  const last = entries.pop();
  for (const entry of entries) await deps.audit(tx, entry);
  if (last !== undefined) tx.endWith(() => deps.audit(tx, last));
  return { change: committed.change, source };
}

/**
 * Gives a reservation back.
 *
 * @param deps - ledger
 * @param claim - the push
 * @param reason - why, for the log
 */
export async function releasePush(
  deps: SettleDeps,
  claim: TagClaim,
  reason: string,
): Promise<void> {
  await release(deps, claim, reason, (tx) => releaseTag(tx, claim));
}

/**
 * Gives a reservation back of what the registry was told and has not answered: it may still carry it out, so that is looked
 * for as long as it may.
 *
 * @param deps - ledger
 * @param claim - what it was told
 * @param reason - why, for the log
 * @param wasFree - whether the registry is known to have had no such tag before
 */
export async function releaseUnanswered(
  deps: SettleDeps,
  claim: TagClaim,
  reason: string,
  wasFree = false,
): Promise<void> {
  const { lateSeconds } = deps.waiting.bounds;
  await release(deps, claim, reason, async (tx) => {
    if (await releaseTag(tx, claim)) await noteUnanswered(tx, claim, { lateSeconds, wasFree });
  });
}

async function release(
  deps: SettleDeps,
  claim: TagClaim,
  reason: string,
  work: (tx: Transaction) => Promise<unknown>,
): Promise<void> {
  await deps.db.transaction(work, claim.repository);
  deps.counts.step("released");
  deps.log.info({ event: "push.released", ...describeClaim(claim), reason });
}

/**
 * Leaves a push whose outcome cannot be told now to whoever looks at it next, in a few seconds: while its
 * whole lease ran, nobody could push the tag although the registry may be back.
 *
 * @param deps - ledger
 * @param claim - the push, which does nothing more
 */
export async function leaveUnsettled(deps: SettleDeps, claim: TagClaim): Promise<void> {
  await shortenLease(deps.db, claim, SETTLE_AGAIN_SECONDS).catch((error: unknown) => {
    deps.log.warn({ event: "push.left-unsettled", ...describeClaim(claim), err: error });
  });
}

/**
 * Like {@link leaveUnsettled}, of a push that was sent after the registry had been looked at.
 *
 * @param deps - ledger
 * @param claim - the push, which does nothing more
 * @param wasFree - whether the registry had no such tag before
 */
export async function leaveSent(
  deps: SettleDeps,
  claim: TagClaim,
  wasFree: boolean,
): Promise<void> {
  const { lateSeconds } = deps.waiting.bounds;
  await noteUnanswered(deps.db, claim, { lateSeconds, wasFree }).catch((error: unknown) => {
    deps.log.warn({ event: "push.left-unsettled", ...describeClaim(claim), err: error });
  });
  await leaveUnsettled(deps, claim);
}

/** A commit whose answer got lost finds its own work done; one that came too late may find another's. */
async function confirmCommitted(deps: SettleDeps, claim: TagClaim): Promise<void> {
  const state = await readTagState(deps.db, claim);
  if (state.kind === "held" && state.digest === claim.digest) return;
  deps.counts.step("overtaken");
  throw new Fault("UNAVAILABLE", {
    message: "the push took longer than its reservation lasted; push again",
  });
}

/** Between the registry's yes and this commit, somebody may have deleted the manifest or one below it. */
async function hasLostParts(
  tx: OwnTransaction,
  claim: TagClaim,
  { digest, reading }: StoredManifest,
): Promise<boolean> {
  return (await lockAndFindDeleted(tx, claim, digest, childrenOf(reading))).length > 0;
}

async function releaseIncomplete(deps: CommitDeps, claim: TagClaim): Promise<Fault> {
  await recordFound(deps, claim);
  await releasePush(deps, claim, "a manifest that it needs was deleted meanwhile");
  return new Fault("UNAVAILABLE", {
    message: "a manifest that the tag needs was deleted meanwhile; push again",
  });
}

/**
 * @param waiting - waits between attempts
 * @param work - a transaction that may be repeated
 * @returns what it returns; while the database is away, it is tried again for some seconds
 * @throws what it threw last
 */
export async function persistently<T>(
  waiting: Pick<Waiting, "pause">,
  work: () => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await work();
    } catch (error) {
      if (!isUnavailable(error) || attempt === COMMIT_ATTEMPTS) throw error;
      await waiting.pause(COMMIT_PAUSE_MILLISECONDS * attempt);
    }
}

/** @returns what of a claim belongs into a log line */
export function describeClaim({ repository, tag, digest, actor }: TagClaim) {
  return { repository, tag, digest, actor: actor.uid, requestId: actor.requestId };
}

/**
 * @param claim - a push
 * @param reason - how it came about
 * @param committed - what it changed, and the source that came with it
 * @returns its audit entry
 */
export function pushEntry(
  { actor, repository, tag, digest, reservation, grounds }: TagClaim,
  reason: string,
  {
    change,
    previous,
    since,
    source,
  }: Omit<Committed, "change"> & {
    readonly change: CommitChange | "named";
    readonly source: FoundSource | null;
  },
): AuditEntry {
  const before = change === "moved" ? { previous } : since === null ? {} : { since };
  const known = source === null ? {} : { scmSource: source.source };
  const detail = { change, push: reservation, ...before, ...known, ...grounds };
  return { action: "tag.pushed", actor, repository, tag, digest, reason, detail };
}
