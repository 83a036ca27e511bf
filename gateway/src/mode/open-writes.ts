import type { Queryable } from "#service-kit/db/pool.js";

/** Something that the registry was told, or is about to be told, of which nobody knows yet what came. */
export interface OpenWrite {
  /** `repository:tag`, or `repository@digest`. */
  readonly name: string;
  /** What it is: a push, a deletion, a repair. */
  readonly kind: string;
  readonly by: string;
  /** Since it began. */
  readonly seconds: number;
  /** Seconds that it is still waited for at most by what has it in hand; 0: it is looked at again and again. */
  readonly leaseSeconds: number;
}

/** What writes at the registry. */
export interface OpenWrites {
  /** Tags reserved for a push, a deletion or a repair. */
  readonly reservations: number;
  /** Pushes by digest, and what was given up without an answer, which the registry may still carry out. */
  readonly unanswered: number;
  /** Uploads that have begun and not ended. */
  readonly uploads: number;
  /** The oldest of the first two. */
  readonly named: readonly OpenWrite[];
}

/** So that a line can be read. */
const MOST_NAMED = 5;

const RESERVED = `select
    case reserved_kind when 'manifest-removal' then repository || '@' || reserved_digest
                       else repository || ':' || name end as name, coalesce(reserved_kind, 'push') as kind,
    reserved_by as by, coalesce(reserved_at, reserved_until - interval '60 seconds') as began,
    reserved_until as until, true as reserved
  from ledger.tag where reservation is not null`;
/** One whose gateway is lost is looked at each five seconds: that is no lease. */
const BY_DIGEST = `select repository || '@' || digest, 'push by digest', coalesce(actor ->> 'uid', ''),
    noted_at, least(unsettled_at, noted_at + interval '60 seconds'), false
  from ledger.manifest_push`;
const UNANSWERED = `select repository || ':' || tag, 'not answered by the registry', coalesce(actor ->> 'uid', ''),
    look_at, late_until, false
  from ledger.unanswered_write where late_until > clock_timestamp()`;
const DELETIONS = `select repository || '@' || digest, 'deletion', coalesce(deleting_by ->> 'uid', ''),
    deleting_at, deleting_at + interval '60 seconds', false
  from ledger.manifest where deleting_at is not null`;
const LATE_DELETIONS = `select repository || '@' || digest, 'deletion that the registry has not answered',
    coalesce(late_by ->> 'uid', ''), late_since, late_since, false
  from ledger.manifest where late_since is not null and deleting_at is null and deleted_at is null`;

const ALL = [RESERVED, BY_DIGEST, UNANSWERED, DELETIONS, LATE_DELETIONS];

/** @returns what writes at the registry at this moment */
export async function readOpenWrites(db: Queryable): Promise<OpenWrites> {
  const { rows } = await db.query<OpenWrite & { reservations: number; unanswered: number }>(
    `select name, kind, by,
            greatest(extract(epoch from clock_timestamp() - began), 0)::float8 as seconds,
            greatest(extract(epoch from until - clock_timestamp()), 0)::float8 as "leaseSeconds",
            (count(*) filter (where reserved) over ())::int as reservations,
            (count(*) filter (where not reserved) over ())::int as unanswered
     from (${ALL.join(" union all ")}) as open
     order by began limit $1`,
    [MOST_NAMED],
  );
  const uploads = await db.query<{ uploads: number }>(
    "select count(*)::int as uploads from ledger.upload_session",
  );
  return {
    reservations: rows[0]?.reservations ?? 0,
    unanswered: rows[0]?.unanswered ?? 0,
    uploads: uploads.rows[0]?.uploads ?? 0,
    named: rows.map(({ name, kind, by, seconds, leaseSeconds }) => {
      return { name, kind, by, seconds, leaseSeconds };
    }),
  };
}

/**
 * @param write - something that is not settled
 * @returns it in words, with what frees it where nobody has it in hand any more
 */
export function describeWrite({ name, kind, by, seconds, leaseSeconds }: OpenWrite): string {
  const who = by === "" ? "" : ` by ${by}`;
  const until =
    leaseSeconds > 0
      ? `for ${Math.ceil(leaseSeconds)} s more at most`
      : `what came of it could not be told so far; to end it: mode end ${name}`;
  return `${name}: ${kind}${who}, since ${Math.round(seconds)} s, ${until}`;
}
