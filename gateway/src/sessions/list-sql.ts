import type { Queryable } from "#service-kit/db/pool.js";
import type { SessionLimits, SessionOrigin, SessionOwner } from "./sql.js";

/** A person, however they logged in. */
export type Person = Pick<SessionOwner, "realm" | "uid">;

/** A session as its owner sees it, or an administrator. */
export interface ListedSession extends SessionOwner, SessionOrigin {
  readonly id: string;
  /** By which issuer's page; `null`: by a password or a token. */
  readonly issuer: string | null;
  readonly begunAt: Date;
  readonly usedAt: Date;
  /** When it ends whatever happens, and when it does if nobody is there. */
  readonly endsAt: Date;
  readonly idleEndsAt: Date;
  /** Whether its cookie has the hash that was asked with. */
  readonly isThisOne: boolean;
}

/** @returns the sessions of one person that have not ended, the last used first; `hash`: of the cookie of whoever asks */
export async function listSessions(
  db: Queryable,
  { realm, uid }: Person,
  { idleSeconds, seconds }: SessionLimits,
  hash: Buffer | null,
): Promise<readonly ListedSession[]> {
  const { rows } = await db.query<ListedSession>(
    `select id, kind, realm, uid, address, user_agent as "userAgent", issuer,
       begun_at as "begunAt", used_at as "usedAt", begun_at + $4 * interval '1 second' as "endsAt",
       used_at + $3 * interval '1 second' as "idleEndsAt", coalesce(hash = $5, false) as "isThisOne"
     from ledger.page_session
     where uid = $1 and realm = $2
       and used_at > clock_timestamp() - $3 * interval '1 second'
       and begun_at > clock_timestamp() - $4 * interval '1 second'
     order by used_at desc, id`,
    [uid, realm, idleSeconds, seconds, hash],
  );
  return rows;
}

/** Ends one; `person`: whose it has to be, `null`: anybody's. @returns whose it was; `null`: there is no such session */
export async function deleteSessionById(
  db: Queryable,
  id: string,
  person: Person | null,
): Promise<SessionOwner | null> {
  const { rows } = await db.query<SessionOwner>(
    `delete from ledger.page_session
     where id = $1 and ($2::text is null or (uid = $2 and realm = $3)) returning kind, realm, uid`,
    [id, person?.uid ?? null, person?.realm ?? null],
  );
  return rows[0] ?? null;
}

/** Ends those of one person, but for the one whose cookie has that hash. @returns how many */
export async function deleteSessionsOf(
  db: Queryable,
  { realm, uid }: Person,
  hash: Buffer | null,
): Promise<number> {
  const { rowCount } = await db.query(
    "delete from ledger.page_session where uid = $1 and realm = $2 and ($3::bytea is null or hash <> $3)",
    [uid, realm, hash],
  );
  return rowCount ?? 0;
}
