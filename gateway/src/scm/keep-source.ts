import type { AuditActor, AuditEntry } from "#audit-log/entry.js";
import type { Queryable, SharedDatabase } from "#service-kit/db/pool.js";
import type { FoundSource, ScmOrigin } from "./scm-source.js";
import { insertSource, type ManifestKey } from "./sql/scm-source.js";

/** What keeping a source needs. */
export interface KeepSourceDeps {
  readonly db: SharedDatabase;
  /** Writes an audit entry into the transaction that it is about. */
  readonly audit: (tx: Queryable, entry: AuditEntry) => Promise<void>;
  /** Told of every source that became known, for a metric. */
  readonly counts: { readonly source: (origin: ScmOrigin) => void };
}

/** A push that may name a source; `tag` is `null` when it is by digest. */
export interface NamingPush extends ManifestKey {
  readonly tag: string | null;
  readonly actor: AuditActor;
  readonly source?: FoundSource | null;
}

/**
 * Keeps the source that came with a push which changes nothing else: what was pushed without one may be pushed
 * again with it. Where it replaces another, that is on record.
 *
 * @param deps - ledger and audit log
 * @param push - the push
 * @throws Fault UNAVAILABLE when it cannot be kept or put on record
 */
export async function keepSource(deps: KeepSourceDeps, push: NamingPush): Promise<void> {
  const { source } = push;
  if (source == null) return;
  const { isNew } = await deps.db.transaction(async (tx) => {
    const kept = await insertSource(tx, push, source, push.actor.uid);
    if (kept.replaced !== null) await deps.audit(tx, replacedEntry(push, source, kept.replaced));
    return kept;
  }, push.repository);
  if (isNew) deps.counts.source(source.origin);
}

/**
 * @param push - who pushed what
 * @param found - the source that came with it
 * @param previous - the one that was known
 * @returns the audit entry that says so
 */
export function replacedEntry(
  { actor, repository, tag, digest }: NamingPush,
  { source, origin }: FoundSource,
  previous: FoundSource,
): AuditEntry {
  const reason = `the ${origin} of a push names another source`;
  const detail = { scmSource: source, previous: { ...previous.source, origin: previous.origin } };
  return { action: "source.replaced", actor, repository, tag, digest, reason, detail };
}
