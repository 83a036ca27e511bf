import { SUBJECT_LOCKS } from "#service-kit/db/locks.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { AuditAction } from "../entry.js";

/** Facts of one kind that are looked through for the last one about a subject; there are few subjects. */
const LOOK_BACK = 100;

/** Holds back every other replica that records a fact of this kind, until the transaction ends. */
export async function lockFacts(tx: Queryable, action: AuditAction): Promise<void> {
  await tx.query("select pg_advisory_xact_lock($1, hashtext($2))", [SUBJECT_LOCKS.facts, action]);
}

/** @returns contents of the last entries of this kind that have no repository, newest first */
export async function lastFacts(db: Queryable, action: AuditAction): Promise<string[]> {
  const { rows } = await db.query<{ content: string }>(
    `select content from audit.entry where repository is null and action = $1
     order by at desc limit $2`,
    [action, LOOK_BACK],
  );
  return rows.map(({ content }) => content);
}
