import { SUBJECT_LOCKS } from "#service-kit/db/locks.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { AuditAction } from "../entry.js";
import type { PageEnd } from "./entries.js";
import { inMicroseconds } from "./in-microseconds.js";

/** Holds back every other replica that records a fact of this kind, until the transaction ends. */
export async function lockFacts(tx: Queryable, action: AuditAction): Promise<void> {
  await tx.query("select pg_advisory_xact_lock($1, hashtext($2))", [SUBJECT_LOCKS.facts, action]);
}

/** An entry that has no repository. */
export interface FactRow extends PageEnd {
  readonly content: string;
}

/** @returns entries of this kind that have no repository, the newest first: until a moment, and before one of them */
export async function readFacts(
  db: Queryable,
  action: AuditAction,
  of: { readonly until: Date | null; readonly before: PageEnd | null; readonly limit: number },
): Promise<FactRow[]> {
  const { until, before, limit } = of;
  const { rows } = await db.query<FactRow>(
    `select ${inMicroseconds("at")} as at, chain, position::float8 as position, content
     from audit.entry
     where repository is null and action = $1 and ($2::timestamptz is null or audit.entry.at <= $2)
       and ($3::timestamptz is null
            or (audit.entry.at, chain, position) < ($3, $4::smallint, $5::bigint))
     order by audit.entry.at desc, chain desc, position desc limit $6`,
    [action, until, before?.at ?? null, before?.chain ?? null, before?.position ?? null, limit],
  );
  return rows;
}
