import type { Queryable } from "#service-kit/db/pool.js";
import type { DeadLetter, RegistryNotification } from "../envelope.js";

/** An event on its way into the database. */
export interface KeptNotification extends RegistryNotification {
  /** What came of it when there is nothing to do; `null`: somebody has to look at it. */
  readonly outcome: string | null;
}

/**
 * Keeps events and what is none, all or nothing. An event that is there already stays as it is.
 *
 * @param db - pool or transaction
 * @param events - events of one envelope
 * @param dead - what of it was not understood
 * @returns how many events were new
 */
export async function keepNotifications(
  db: Queryable,
  events: readonly KeptNotification[],
  dead: readonly DeadLetter[],
): Promise<number> {
  const { rowCount } = await db.query(
    `with dead as (
       insert into ledger.dead_notification (reason, size, content)
       select * from unnest($8::text[], $9::bigint[], $10::bytea[])
     )
     insert into ledger.notification
       (id, action, repository, tag, digest, content, outcome, handled_at)
     select id, action, repository, tag, digest, content::json, outcome,
            case when outcome is not null then clock_timestamp() end
     from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[])
       as event (id, action, repository, tag, digest, content, outcome)
     order by id
     on conflict (id) do nothing`,
    [
      events.map(({ id }) => id),
      events.map(({ action }) => action),
      events.map(({ repository }) => repository),
      events.map(({ tag }) => tag),
      events.map(({ digest }) => digest),
      events.map(({ content }) => content),
      events.map(({ outcome }) => outcome),
      dead.map(({ reason }) => reason),
      dead.map(({ size }) => size),
      dead.map(({ content }) => content),
    ],
  );
  return rowCount ?? 0;
}
