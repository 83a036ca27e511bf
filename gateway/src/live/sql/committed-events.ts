import type { AuditActor } from "#audit-log/entry.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { instant } from "../../catalog/sql/shown.js";
import type { EventPlace, Head } from "../place.js";

/** What can be followed. */
export const FOLLOWED_ACTIONS = ["push", "delete", "lock"] as const;
/** One of them. */
export type FollowedAction = (typeof FOLLOWED_ACTIONS)[number];

/** Something that was committed, as it was announced to sinks. */
export interface FollowedEvent {
  readonly id: string;
  readonly action: FollowedAction;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly previousDigest: string | null;
  readonly actor: AuditActor;
  readonly reason: string;
  /** As the audit log calls it. */
  readonly recordedAs: string | null;
  /** To the microsecond. */
  readonly at: string;
  readonly place: EventPlace;
}

interface Row extends Pick<FollowedEvent, "id" | "action" | "repository" | "tag" | "digest"> {
  readonly at: string;
  readonly transaction: string;
  readonly content: {
    readonly previousDigest: string | null;
    readonly actor: AuditActor;
    readonly reason: string;
    readonly detail: { readonly recordedAs?: string };
  };
}

/** Before all of them. */
const FIRST: EventPlace = {
  ...{ transaction: "0", at: "0001-01-01T00:00:00.000000Z" },
  id: "00000000-0000-0000-0000-000000000000",
};

/**
 * @param db - pool
 * @returns what is committed now
 */
export async function readHead(db: Queryable): Promise<Head> {
  const { rows } = await db.query<Head>(
    `select pg_current_snapshot()::text as snapshot, ${instant("clock_timestamp()")} as at`,
  );
  const [head] = rows;
  if (head === undefined) throw new Error("the database says nothing of its transactions");
  return head;
}

/**
 * Events of transactions that were under way, or had not begun, at one moment, and had been committed at another. A database that was
 * restored counts its transactions anew, so that what it was given back could seem new: no transaction takes an hour.
 *
 * @param db - pool
 * @param between - both moments, and the event that is followed; `null`: from the first
 * @param limit - as many at most
 * @returns the events, in an order in which those of one tag happened
 */
export async function readCommitted(
  db: Queryable,
  {
    from,
    to,
    after,
  }: { readonly from: Head; readonly to: Head; readonly after: EventPlace | null },
  limit: number,
): Promise<readonly FollowedEvent[]> {
  const { transaction, at, id } = after ?? FIRST;
  const { rows } = await db.query<Row>(
    `select id, action, repository, tag, digest, content, ${instant("occurred_at")} as at, written_in::text as transaction
     from ledger.event
     where action in ('push', 'delete', 'lock')
       and written_in >= pg_snapshot_xmin($1::pg_snapshot) and written_in < pg_snapshot_xmax($2::pg_snapshot)
       and not pg_visible_in_snapshot(written_in, $1::pg_snapshot)
       and pg_visible_in_snapshot(written_in, $2::pg_snapshot)
       and occurred_at >= $3::timestamptz - interval '1 hour'
       and (written_in, occurred_at, id) > ($4::xid8, $5::timestamptz, $6::uuid)
     order by written_in, occurred_at, id limit $7`,
    [from.snapshot, to.snapshot, from.at, transaction, at, id, limit],
  );
  return rows.map(eventIn);
}

function eventIn({ content, transaction, ...row }: Row): FollowedEvent {
  const { previousDigest, actor, reason, detail } = content;
  const recordedAs = detail.recordedAs ?? null;
  const place = { transaction, at: row.at, id: row.id };
  return { ...row, previousDigest, actor, reason, recordedAs, place };
}
