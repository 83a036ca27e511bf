import type { AuditEntry } from "#audit-log/entry.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A refused push that is to be counted. */
export interface CountedRefusal {
  /** The same for all that are told apart no further. */
  readonly key: string;
  readonly actor: string;
  readonly entry: AuditEntry;
  /** Where it is counted when the actor has too many kinds already. */
  readonly summary: { readonly key: string; readonly entry: AuditEntry };
}

/**
 * @param tx - transaction that also writes the audit entry, if it is the first of its kind
 * @param refusal - the refusal
 * @param most - kinds that are told apart for one actor; some more when they come at the same moment
 * @returns whether it is the first of its kind; else it was counted
 */
export async function countRefusal(
  tx: Queryable,
  { key, actor, entry, summary }: CountedRefusal,
  most: number,
): Promise<boolean> {
  const { rows } = await tx.query<{ isFirst: boolean }>(
    `with chosen as (
       select exists (select from ledger.refusal where key = $1)
              or (select count(*) from (select from ledger.refusal where actor = $3 limit $6) as kinds) < $6
              as "isKind"
     )
     insert into ledger.refusal as known (key, actor, entry, repeats)
     select case when "isKind" then $1 else $2 end, $3,
            case when "isKind" then $4::json else $5::json end,
            case when "isKind" then 0 else 1 end
     from chosen
     on conflict (key) do update set repeats = known.repeats + 1
     returning repeats = 0 as "isFirst"`,
    [key, summary.key, actor, JSON.stringify(entry), JSON.stringify(summary.entry), most],
    "count refusal",
  );
  return rows[0]?.isFirst ?? false;
}

/** Refusals whose time is over. */
export interface EndedRefusal {
  readonly entry: AuditEntry;
  readonly repeats: number;
  readonly since: Date;
}

/**
 * Forgets refusals whose time is over.
 *
 * @param tx - transaction that puts on record what was counted
 * @param seconds - how long they are told apart
 * @param limit - at most this many
 * @returns them; somebody else may be at others
 */
export async function endRefusals(
  tx: Queryable,
  seconds: number,
  limit: number,
): Promise<EndedRefusal[]> {
  const { rows } = await tx.query<EndedRefusal>(
    `with ended as materialized (
       select key from ledger.refusal where began_at < now() - $1 * interval '1 second'
       order by began_at limit $2 for update skip locked
     )
     delete from ledger.refusal using ended where refusal.key = ended.key
     returning refusal.entry, refusal.repeats::int as repeats, refusal.began_at as since`,
    [seconds, limit],
  );
  return rows;
}
