import type { Queryable } from "#service-kit/db/pool.js";

/** Whose a session is. */
export interface SessionOwner {
  readonly kind: string;
  readonly realm: string;
  readonly uid: string;
}

/** From where a session was begun, and by which program. */
export interface SessionOrigin {
  readonly address: string;
  readonly userAgent: string;
}

/** How long sessions last. */
export interface SessionLimits {
  /** Without anybody there, in seconds. */
  readonly idleSeconds: number;
  /** At all, in seconds. */
  readonly seconds: number;
}

/** What a session has that its cookie opens. */
export interface SealedLogin {
  readonly sealedLogin: Buffer;
  readonly sealedRenewal: Buffer | null;
}

/** A session that has not ended. */
export interface StoredSession extends SessionOwner, SealedLogin {
  /** When it ends whatever happens, and when it does if nobody is there. */
  readonly endsAt: Date;
  readonly idleEndsAt: Date;
}

/** A session that begins. */
export interface NewSession extends SealedLogin {
  readonly hash: Buffer;
  readonly owner: SessionOwner;
  readonly from: SessionOrigin;
  /** By which issuer's page; `null`: by a password or a token. */
  readonly issuer: string | null;
}

/** Ended ones that are taken out at once; the next login takes others. */
const MOST_FORGOTTEN = 1_000;
/** Use is noted so often, so that not every request writes. */
const NOTED_SECONDS = 20;

const LIVES = `used_at > clock_timestamp() - $2 * interval '1 second'
  and begun_at > clock_timestamp() - $3 * interval '1 second'`;
const SHOWN = `kind, realm, uid, sealed_login as "sealedLogin", sealed_renewal as "sealedRenewal",
  begun_at + $3 * interval '1 second' as "endsAt", used_at + $2 * interval '1 second' as "idleEndsAt"`;

/** Begins a session. */
export async function insertSession(
  db: Queryable,
  { hash, sealedLogin, sealedRenewal, owner, from, issuer }: NewSession,
): Promise<void> {
  await db.query(
    `insert into ledger.page_session
       (hash, sealed_login, sealed_renewal, kind, realm, uid, address, user_agent, issuer)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      ...[hash, sealedLogin, sealedRenewal, owner.kind, owner.realm, owner.uid],
      ...[from.address, from.userAgent, issuer],
    ],
  );
}

/** @returns the session, if it has not ended */
export async function readSession(
  db: Queryable,
  hash: Buffer,
  { idleSeconds, seconds }: SessionLimits,
): Promise<StoredSession | null> {
  const { rows } = await db.query<StoredSession>(
    `select ${SHOWN} from ledger.page_session where hash = $1 and ${LIVES}`,
    [hash, idleSeconds, seconds],
  );
  return rows[0] ?? null;
}

/** Notes that somebody is there, unless it has ended. */
export async function renewSession(
  db: Queryable,
  hash: Buffer,
  { idleSeconds, seconds }: SessionLimits,
): Promise<void> {
  await db.query(
    `update ledger.page_session set used_at = clock_timestamp()
     where hash = $1 and ${LIVES} and used_at < clock_timestamp() - $4 * interval '1 second'`,
    [hash, idleSeconds, seconds, Math.min(NOTED_SECONDS, idleSeconds / 4)],
  );
}

/** @returns whose session has ended by that; `null`: there was none */
export async function deleteSession(db: Queryable, hash: Buffer): Promise<SessionOwner | null> {
  const { rows } = await db.query<SessionOwner>(
    "delete from ledger.page_session where hash = $1 returning kind, realm, uid",
    [hash],
  );
  return rows[0] ?? null;
}

/** Takes out what has ended, and the oldest of somebody who has more than `most`. */
export async function forgetSessions(
  db: Queryable,
  { kind, realm, uid }: SessionOwner,
  { idleSeconds, seconds, most }: SessionLimits & { readonly most: number },
): Promise<void> {
  await db.query(
    `delete from ledger.page_session where hash in (
       select hash from ledger.page_session
       where used_at <= clock_timestamp() - $1 * interval '1 second'
          or begun_at <= clock_timestamp() - $2 * interval '1 second'
       limit ${MOST_FORGOTTEN})`,
    [idleSeconds, seconds],
  );
  await db.query(
    `delete from ledger.page_session where hash in (
       select hash from ledger.page_session where uid = $1 and realm = $2 and kind = $3
       order by begun_at desc offset $4)`,
    [uid, realm, kind, most],
  );
}
