import type { Queryable } from "#service-kit/db/pool.js";

/** Who started an upload. */
export interface UploadOwner {
  readonly repository: string;
  /** How they logged in; `null` for uploads of before this was noted. */
  readonly kind: string | null;
  readonly realm: string;
  readonly subject: string;
}

/**
 * Notes who started an upload. The commit waits for no disk: a note that Postgres loses costs a client whose token ran
 * out meanwhile another one.
 */
export async function insertUploadSession(
  db: Queryable,
  session: string,
  owner: UploadOwner,
): Promise<void> {
  await db.query(
    `insert into ledger.upload_session (session, repository, kind, realm, subject)
     select $1, $2, $3, $4, $5
     from (select set_config('synchronous_commit', 'off', true)) as note
     on conflict do nothing`,
    [session, owner.repository, owner.kind, owner.realm, owner.subject],
    "note upload",
  );
}

/** @returns who started an upload and how many seconds ago, or `null` when that is not known */
export async function readUploadSession(
  db: Queryable,
  session: string,
): Promise<(UploadOwner & { ageSeconds: number }) | null> {
  const { rows } = await db.query<UploadOwner & { ageSeconds: number }>(
    `select repository, kind, realm, subject,
            extract(epoch from now() - started_at)::float8 as "ageSeconds"
     from ledger.upload_session where session = $1`,
    [session],
  );
  return rows[0] ?? null;
}

/** Forgets uploads that came to their end; waits for no disk, since those that are left go by their age. */
export async function deleteUploadSessions(
  db: Queryable,
  sessions: readonly string[],
): Promise<void> {
  await db.query(
    `with note as (select set_config('synchronous_commit', 'off', true))
     delete from ledger.upload_session using note where session = any($1)`,
    [sessions],
    "forget uploads",
  );
}

/** Forgets uploads that were started longer ago than this. */
export async function deleteOldUploadSessions(db: Queryable, seconds: number): Promise<void> {
  await db.query(
    `delete from ledger.upload_session where started_at < now() - $1 * interval '1 second'`,
    [seconds],
  );
}
