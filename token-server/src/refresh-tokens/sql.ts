import type { Queryable } from "#service-kit/db/pool.js";

/** What a refresh token is bound to. */
export interface Binding {
  readonly realm: string;
  readonly uid: string;
  readonly clientId: string;
  readonly service: string;
}

/** A refresh token to be stored. */
export interface NewRefreshToken extends Binding {
  readonly id: string;
  readonly tokenHash: Buffer;
  readonly sealedLogin: Buffer;
  readonly expiresAt: Date;
}

/** A refresh token as its owner sees it. */
export interface ListedRefreshToken {
  readonly id: string;
  readonly clientId: string;
  readonly service: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
}

export async function insertRefreshToken(db: Queryable, token: NewRefreshToken): Promise<void> {
  await db.query(
    `insert into token_server.refresh_token
       (id, token_hash, sealed_login, realm, uid, client_id, service, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      token.id,
      token.tokenHash,
      token.sealedLogin,
      token.realm,
      token.uid,
      token.clientId,
      token.service,
      token.expiresAt,
    ],
  );
}

/** @returns the living token with this hash, marked as used now; `null` when there is none */
export async function useRefreshToken(
  db: Queryable,
  tokenHash: Buffer,
): Promise<(Binding & { id: string; sealedLogin: Buffer }) | null> {
  const { rows } = await db.query<{
    id: string;
    sealedLogin: Buffer;
    realm: string;
    uid: string;
    clientId: string;
    service: string;
  }>(
    `update token_server.refresh_token set last_used_at = now()
     where token_hash = $1 and revoked_at is null and expires_at > now()
     returning id, sealed_login as "sealedLogin", realm, uid, client_id as "clientId", service`,
    [tokenHash],
  );
  return rows[0] ?? null;
}

/** @returns the identity's living tokens, youngest first, at most 200 */
export async function listRefreshTokens(
  db: Queryable,
  owner: { realm: string; uid: string },
): Promise<ListedRefreshToken[]> {
  const { rows } = await db.query<ListedRefreshToken>(
    `select id, client_id as "clientId", service, created_at as "createdAt",
            expires_at as "expiresAt", last_used_at as "lastUsedAt"
     from token_server.refresh_token
     where realm = $1 and uid = $2 and revoked_at is null and expires_at > now()
     order by created_at desc limit 200`,
    [owner.realm, owner.uid],
  );
  return rows;
}

/** @returns whether the identity had such a living token */
export async function revokeRefreshToken(
  db: Queryable,
  owner: { realm: string; uid: string },
  id: string,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `update token_server.refresh_token set revoked_at = now()
     where id = $1 and realm = $2 and uid = $3 and revoked_at is null`,
    [id, owner.realm, owner.uid],
  );
  return rowCount === 1;
}

/** Ends a token whose login is no longer good. */
export async function endRefreshToken(db: Queryable, id: string): Promise<void> {
  await db.query(`update token_server.refresh_token set revoked_at = now() where id = $1`, [id]);
}

/** Deletes tokens that ended over a week ago. */
export async function forgetRefreshTokens(db: Queryable): Promise<void> {
  await db.query(
    `delete from token_server.refresh_token
     where expires_at < now() - interval '7 days' or revoked_at < now() - interval '7 days'`,
  );
}
