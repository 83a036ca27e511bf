import { SUBJECT_LOCKS } from "#service-kit/db/locks.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { EndReason } from "./refusals.js";

/** Whose refresh tokens. */
export interface Owner {
  readonly kind: string;
  readonly realm: string;
  readonly uid: string;
}

/** A refresh token to be stored. */
export interface NewRefreshToken extends Owner {
  readonly id: string;
  readonly tokenHash: Buffer;
  readonly sealedLogin: Buffer;
  readonly clientId: string;
  readonly service: string;
  /** How long it lives from now on, by the database's clock. */
  readonly lifetimeSeconds: number;
  /** When the login behind it ends, and it with that; `null`: it does not. */
  readonly validUntil: Date | null;
}

/** A stored refresh token that somebody shows. */
export interface StoredRefreshToken {
  readonly id: string;
  readonly sealedLogin: Buffer;
  /** `null` for a token of before kinds were kept. */
  readonly kind: string | null;
  readonly realm: string;
  readonly uid: string;
  readonly clientId: string;
  readonly service: string;
  /** Since it was made, by the database's clock. */
  readonly ageSeconds: number;
  readonly expiresAt: Date;
  readonly hasExpired: boolean;
  readonly revokedAt: Date | null;
  /** `null` for one that was ended by a replica of before reasons were kept. */
  readonly endReason: string | null;
}

export async function insertRefreshToken(db: Queryable, token: NewRefreshToken): Promise<void> {
  await db.query(
    `insert into token_server.refresh_token
       (id, token_hash, sealed_login, kind, realm, uid, client_id, service, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8,
             least(clock_timestamp() + $9 * interval '1 second', $10::timestamptz))`,
    [
      token.id,
      token.tokenHash,
      token.sealedLogin,
      token.kind,
      token.realm,
      token.uid,
      token.clientId,
      token.service,
      token.lifetimeSeconds,
      token.validUntil,
    ],
  );
}

/** Lets one replica after the other count an owner's tokens, until the transaction ends. */
export async function lockOwner(db: Queryable, { kind, realm, uid }: Owner): Promise<void> {
  await db.query(`select pg_advisory_xact_lock($1, hashtext($2))`, [
    SUBJECT_LOCKS["refresh tokens"],
    JSON.stringify([kind, realm, uid]),
  ]);
}

/**
 * Ends an owner's living tokens beyond the bounds, for one client and in all. Client ids are what clients say: a program is
 * what stands before the first blank, for versions come after it, and whoever takes a new id each time has the bound of
 * all. The younger half is kept whatever happened; of the others those first that were still in use a day after
 * they were made, so that many logins which nobody comes back to push no one out who does.
 *
 * @returns how many were ended
 */
export async function endOldest(
  db: Queryable,
  { kind, realm, uid }: Owner,
  most: { perClient: number; perIdentity: number },
): Promise<number> {
  const { rowCount } = await db.query(
    `with living as (
       select id, created_at, split_part(client_id, ' ', 1) as program,
              coalesce(last_used_at > created_at + interval '1 day', false) as comes_back
       from token_server.refresh_token
       where kind = $1 and realm = $2 and uid = $3 and revoked_at is null and expires_at > now()
     ), by_age as (
       select *,
              row_number() over (partition by program order by created_at desc, id desc) as of_program,
              row_number() over (order by created_at desc, id desc) as of_all
       from living
     ), by_worth as (
       select id,
              row_number() over (partition by program order by
                of_program * 2 <= $4::int + 1 desc, comes_back desc, of_program) as of_program,
              row_number() over (order by
                of_all * 2 <= $5::int + 1 desc, comes_back desc, of_all) as of_all
       from by_age
     )
     update token_server.refresh_token set revoked_at = now(), end_reason = 'pushed-out'
     where id in (select id from by_worth where of_program > $4::int or of_all > $5::int)`,
    [kind, realm, uid, most.perClient, most.perIdentity],
  );
  return rowCount ?? 0;
}

/** Deletes an owner's oldest tokens of those that are over, so that many logins leave no more rows than that. */
export async function forgetEnded(
  db: Queryable,
  { kind, realm, uid }: Owner,
  most: number,
): Promise<void> {
  await db.query(
    `delete from token_server.refresh_token
     where id in (
       select id from token_server.refresh_token
       where kind = $1 and realm = $2 and uid = $3 and (revoked_at is not null or expires_at <= now())
       order by created_at desc, id desc offset $4
     )`,
    [kind, realm, uid, most],
  );
}

/** @returns the token with this hash, living or not; `null` when there is none */
export async function findRefreshToken(
  db: Queryable,
  tokenHash: Buffer,
): Promise<StoredRefreshToken | null> {
  const { rows } = await db.query<StoredRefreshToken>(
    `select id, sealed_login as "sealedLogin", kind, realm, uid, client_id as "clientId", service,
            extract(epoch from clock_timestamp() - created_at)::float8 as "ageSeconds",
            expires_at as "expiresAt", expires_at <= clock_timestamp() as "hasExpired", revoked_at as "revokedAt",
            end_reason as "endReason"
     from token_server.refresh_token where token_hash = $1`,
    [tokenHash],
  );
  return rows[0] ?? null;
}

/** How many clients that used a token are shown. */
const MOST_CLIENTS = 10;

/** How a token was used. */
export interface Use {
  readonly kind: string;
  readonly address: string;
  /** As the client calls itself; empty when it does not. */
  readonly clientId: string;
  readonly program: string;
  /** When the login behind it ends. */
  readonly validUntil: Date | null;
}

/** @returns whether the token is still living; notes the use, and that it ends no later than its login */
export async function noteUse(db: Queryable, id: string, use: Use): Promise<boolean> {
  const { rowCount } = await db.query(
    `update token_server.refresh_token
     set last_used_at = now(), last_used_address = $3, last_used_program = $4,
         used_by = (array[$6::text] || array_remove(used_by, $6::text))[1:$7::int],
         kind = coalesce(kind, $2), expires_at = least(expires_at, $5::timestamptz)
     where id = $1 and revoked_at is null and expires_at > now()`,
    [id, use.kind, use.address, use.program, use.validUntil, use.clientId, MOST_CLIENTS],
  );
  return rowCount === 1;
}

/** @returns whether the identity had such a living token, which is ended now */
export async function revokeRefreshToken(
  db: Queryable,
  { kind, realm, uid }: Owner,
  id: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update token_server.refresh_token set revoked_at = now(), end_reason = 'revoked'
     where id = $1 and kind = $2 and realm = $3 and uid = $4 and revoked_at is null`,
    [id, kind, realm, uid],
  );
  return rowCount === 1;
}

/** @returns how many living tokens the identity had, which are all ended now */
export async function revokeAllRefreshTokens(
  db: Queryable,
  { kind, realm, uid }: Owner,
): Promise<number> {
  const { rowCount } = await db.query(
    `update token_server.refresh_token set revoked_at = now(), end_reason = 'revoked'
     where kind = $1 and realm = $2 and uid = $3 and revoked_at is null and expires_at > now()`,
    [kind, realm, uid],
  );
  return rowCount ?? 0;
}

/** @returns whether it was living; it is no longer good, and ended now */
export async function endRefreshToken(
  db: Queryable,
  id: string,
  reason: EndReason,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update token_server.refresh_token set revoked_at = now(), end_reason = $2
     where id = $1 and revoked_at is null`,
    [id, reason],
  );
  return rowCount === 1;
}

/** Deletes tokens that ended over a week ago. */
export async function forgetRefreshTokens(db: Queryable): Promise<void> {
  await db.query(
    `delete from token_server.refresh_token
     where expires_at < now() - interval '7 days' or revoked_at < now() - interval '7 days'`,
  );
}
