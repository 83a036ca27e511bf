import type { Queryable } from "#service-kit/db/pool.js";

/** An event of which no entry tells. */
export interface TracelessEvent {
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
  /** What the entry was that should be there. */
  readonly recordedAs: string;
  readonly id: string;
}

/**
 * Whatever is announced was recorded in the same transaction: an event without its entry says that entries were taken from the
 * end of a chain.
 *
 * @param tx - audit log and ledger, as they stand at one moment
 * @param after - id of the event that they follow
 * @param limit - so many events are looked at, at most
 * @returns those of them without an entry, and the last that was looked at; `null`: none is left
 */
export async function tracelessEvents(
  tx: Queryable,
  after: string,
  limit: number,
): Promise<{ readonly found: readonly TracelessEvent[]; readonly last: string | null }> {
  const { rows } = await tx.query<TracelessEvent & { traced: boolean }>(
    `select id, repository, tag, digest, content -> 'detail' ->> 'recordedAs' as "recordedAs",
            content -> 'detail' ->> 'recordedAs' is null or exists (
              select from audit.entry
              where entry.repository = event.repository
                and entry.at >= event.occurred_at - interval '1 minute'
                and (entry.at <= event.occurred_at + interval '1 minute'
                     -- Dated behind another one of its repository, since the clock was ahead then.
                     or exists (select from audit.entry as before
                                where before.repository = entry.repository
                                  and before.at = entry.at - interval '1 microsecond'))
                and entry.action = event.content -> 'detail' ->> 'recordedAs'
                and entry.content::jsonb ->> 'tag' is not distinct from event.tag
                and entry.content::jsonb ->> 'digest' is not distinct from event.digest) as traced
     from ledger.event where id > $1 order by id limit $2`,
    [after, limit],
  );
  const found = rows.filter(({ traced }) => !traced);
  return { found, last: rows.length < limit ? null : (rows.at(-1)?.id ?? null) };
}

/** Before every event. */
export const BEFORE_EVENTS = "00000000-0000-0000-0000-000000000000";
