import { createHash } from "node:crypto";
import type { AuditActor, AuditEntry } from "#audit-log/entry.js";
import type { RecordAudit } from "#audit-log/record-audit.js";
import type { SharedDatabase } from "#service-kit/db/pool.js";
import type { Logger } from "#service-kit/log.js";
import { repeating } from "#service-kit/repeating.js";
import type { Component } from "#service-kit/run-until-signal.js";
import { countRefusal, endRefusals, type EndedRefusal } from "./sql/refusals.js";

/** What putting refusals on record needs. */
export interface RefusalDeps {
  readonly db: SharedDatabase;
  readonly audit: RecordAudit;
}

/** A refused push, as the audit log has it. */
export type RefusalEntry = AuditEntry & { readonly action: "tag.refused" };

/** Different refusals of one actor that have an entry of their own within the time below. */
export const MOST_REFUSALS = 100;
const WINDOW_SECONDS = 3_600;
/** Why a summary is in the audit log. */
export const SUMMARY_REASON = "more refused pushes than are told apart";
const LOOK_MILLISECONDS = 60_000;
const BATCH = 20;

/**
 * Puts a refused push on record: the first of its kind by an entry, at once; repeated ones, and kinds beyond the
 * number that is told apart for each actor, by a count that becomes an entry within the hour. So what is refused
 * costs little, however often somebody tries.
 *
 * @param deps - ledger and audit log
 * @param entry - the refusal
 * @throws Fault UNAVAILABLE when it cannot be put on record
 */
export async function putRefusalOnRecord(deps: RefusalDeps, entry: RefusalEntry): Promise<void> {
  const { repository, tag, digest, reason, actor } = entry;
  const who = [actor.uid, actor.realm, actor.kind];
  const refusal = {
    key: hashOf(["refused", ...who, repository, tag, digest, reason]),
    actor: hashOf(who),
    entry,
    summary: { key: hashOf(["more", ...who]), entry: summaryOf(actor) },
  };
  await deps.db.transaction(async (tx) => {
    if (await countRefusal(tx, refusal, MOST_REFUSALS)) await deps.audit(tx, entry);
  }, repository ?? "");
}

/**
 * Puts on record what was counted, where its time is over.
 *
 * @param deps - ledger and audit log
 * @param stopping - ends the work early
 * @throws Fault UNAVAILABLE when the ledger is away; what was counted stays
 */
export async function settleRefusals(deps: RefusalDeps, stopping: AbortSignal): Promise<void> {
  while (!stopping.aborted) {
    const ended = await deps.db.transaction(async (tx) => {
      const refusals = await endRefusals(tx, WINDOW_SECONDS, BATCH);
      for (const one of refusals) if (one.repeats > 0) await deps.audit(tx, countedEntry(one));
      return refusals.length;
    }, "");
    if (ended < BATCH) return;
  }
}

/**
 * @param deps - ledger, audit log, log
 * @returns a component that does so every minute; replicas may do so side by side
 */
export function refusalSettling(deps: RefusalDeps & { readonly log: Logger }): Component {
  return repeating("refusals", LOOK_MILLISECONDS, async (stopping) => {
    await settleRefusals(deps, stopping).catch((error: unknown) => {
      deps.log.warn({ event: "refusals.failed", err: error });
    });
    return LOOK_MILLISECONDS;
  });
}

function countedEntry({ entry, repeats, since }: EndedRefusal): AuditEntry {
  return { ...entry, detail: { ...entry.detail, repeats, since: since.toISOString() } };
}

/** Of many repositories and tags: it names none. */
function summaryOf(actor: AuditActor): AuditEntry {
  const about = { repository: null, tag: null, digest: null };
  return { action: "tag.refused", actor, ...about, reason: SUMMARY_REASON, detail: {} };
}

function hashOf(parts: readonly (string | null)[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}
