import type { Queryable } from "#service-kit/db/pool.js";

/** An event of the registry that somebody looks at. */
export interface ClaimedNotification {
  readonly id: string;
  readonly action: string;
  readonly repository: string;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly content: string;
  /** How often it was looked at, this time included. */
  readonly attempts: number;
  readonly receivedAt: Date;
}

/**
 * Takes events that nobody else looks at. Whoever takes them has to settle or postpone them before the claim ends.
 *
 * @param db - pool or transaction
 * @param limit - at most so many
 * @param leaseSeconds - how long the claim lasts
 * @returns the events, in the order in which they came as far as that is known
 */
export async function claimNotifications(
  db: Queryable,
  limit: number,
  leaseSeconds: number,
): Promise<ClaimedNotification[]> {
  const { rows } = await db.query<ClaimedNotification>(
    `with due as (
       select id from ledger.notification
       where handled_at is null and due_at <= clock_timestamp()
       order by due_at limit $1
       for update skip locked
     ), claimed as (
       update ledger.notification as held
       set due_at = clock_timestamp() + $2 * interval '1 second', attempts = attempts + 1
       from due where held.id = due.id
       returning held.*
     )
     select id, action, repository, tag, digest, content::text as content, attempts,
            received_at as "receivedAt"
     from claimed order by received_at, id`,
    [limit, leaseSeconds],
  );
  return rows;
}

/**
 * @param tx - the transaction of what was done about the events
 * @param outcomes - what came of them, by id
 * @param reason - why, of those that were given up
 * @returns ids of those that nobody had settled before
 */
export async function settleNotifications(
  tx: Queryable,
  outcomes: ReadonlyMap<string, string>,
  reason: string | null = null,
): Promise<Set<string>> {
  const { rows } = await tx.query<{ id: string }>(
    `update ledger.notification as held
     set handled_at = clock_timestamp(), outcome = settled.outcome, last_error = coalesce($3, last_error)
     from unnest($1::text[], $2::text[]) as settled (id, outcome)
     where held.id = settled.id and handled_at is null
     returning held.id`,
    [[...outcomes.keys()], [...outcomes.values()], reason],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Has events looked at again, each after so many seconds. */
export async function postponeNotifications(
  db: Queryable,
  postponed: readonly { readonly id: string; readonly seconds: number }[],
  reason: string,
): Promise<void> {
  await db.query(
    `update ledger.notification as held
     set due_at = clock_timestamp() + postponed.seconds * interval '1 second', last_error = $3
     from unnest($1::text[], $2::float8[]) as postponed (id, seconds)
     where held.id = postponed.id and handled_at is null`,
    [postponed.map(({ id }) => id), postponed.map(({ seconds }) => seconds), reason],
  );
}

/** @returns how many events wait, and for how many seconds the oldest of them has */
export async function notificationBacklog(
  db: Queryable,
): Promise<{ readonly waiting: number; readonly oldestSeconds: number }> {
  const { rows } = await db.query<{ waiting: number; oldestSeconds: number }>(
    `select count(*)::int as waiting,
            coalesce(extract(epoch from clock_timestamp() - min(received_at)), 0)::float8
              as "oldestSeconds"
     from ledger.notification where handled_at is null`,
  );
  return rows[0] ?? { waiting: 0, oldestSeconds: 0 };
}

const PRUNE_BATCH = 10_000;

/**
 * Forgets what is old, a part of it at a time: a statement has ten seconds.
 *
 * @param db - pool or transaction
 * @param days - how long handled events are kept, and how long dead letters
 * @returns how many events and dead letters were forgotten; 0 when none is old any more
 */
export async function pruneNotifications(
  db: Queryable,
  days: { readonly handled: number; readonly dead: number },
): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `with old as (
       delete from ledger.notification where ctid = any (array(
         select ctid from ledger.notification where handled_at < now() - $1 * interval '1 day'
         limit $3))
       returning 1
     ), dead as (
       delete from ledger.dead_notification where id = any (array(
         select id from ledger.dead_notification where received_at < now() - $2 * interval '1 day'
         limit $3))
       returning 1
     )
     select (select count(*) from old)::int + (select count(*) from dead)::int as count`,
    [days.handled, days.dead, PRUNE_BATCH],
  );
  return rows[0]?.count ?? 0;
}
