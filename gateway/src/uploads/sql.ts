import type { Queryable } from "#service-kit/db/pool.js";

/** Who started an upload. */
export interface UploadOwner {
  readonly repository: string;
  /** How they logged in; `null` for uploads of before this was noted. */
  readonly kind: string | null;
  readonly realm: string;
  readonly subject: string;
}

/** Notes who started an upload. */
export async function insertUploadSession(
  db: Queryable,
  session: string,
  owner: UploadOwner,
): Promise<void> {
  await db.query(
    `insert into ledger.upload_session (session, repository, kind, realm, subject)
     values ($1, $2, $3, $4, $5) on conflict do nothing`,
    [session, owner.repository, owner.kind, owner.realm, owner.subject],
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

/** Forgets an upload that came to its end. */
export async function deleteUploadSession(db: Queryable, session: string): Promise<void> {
  await db.query(`delete from ledger.upload_session where session = $1`, [session]);
}

/** Forgets uploads that were started longer ago than this. */
export async function deleteOldUploadSessions(db: Queryable, seconds: number): Promise<void> {
  await db.query(
    `delete from ledger.upload_session where started_at < now() - $1 * interval '1 second'`,
    [seconds],
  );
}
