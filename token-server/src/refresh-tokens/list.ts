import type { Queryable } from "#service-kit/db/pool.js";
import type { Owner } from "./sql.js";

/** A refresh token as its owner sees it. */
export interface ListedRefreshToken {
  readonly id: string;
  /** Client that logged in, as it calls itself; empty when it does not. */
  readonly clientId: string;
  /** Clients that used it, the last one first; the last ten. */
  readonly usedBy: readonly string[];
  readonly service: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  /** Where from, and by which program, it was used last. */
  readonly lastUsedAddress: string | null;
  readonly lastUsedProgram: string | null;
}

/** Some of an owner's tokens. */
export interface Page {
  readonly refreshTokens: readonly ListedRefreshToken[];
  /** To be asked for next; `null` when these were the last. */
  readonly next: string | null;
}

/** Where a page begins: after this token, in the order of the list. */
export interface Cursor {
  /** Microseconds since the epoch, as Postgres counts them. */
  readonly createdAt: string;
  readonly id: string;
}

/**
 * @param db - where they are
 * @param owner - whose
 * @param page - how many at most, and after which
 * @returns the owner's living tokens, youngest first
 */
export async function listRefreshTokens(
  db: Queryable,
  { kind, realm, uid }: Owner,
  { limit, after }: { limit: number; after: Cursor | null },
): Promise<Page> {
  const { rows } = await db.query<ListedRefreshToken & { micros: string }>(
    `select id, client_id as "clientId", used_by as "usedBy", service, created_at as "createdAt",
            expires_at as "expiresAt", last_used_at as "lastUsedAt",
            last_used_address as "lastUsedAddress", last_used_program as "lastUsedProgram",
            (extract(epoch from created_at) * 1000000)::bigint::text as micros
     from token_server.refresh_token
     where kind = $1 and realm = $2 and uid = $3 and revoked_at is null and expires_at > now()
       and ($4::bigint is null or (created_at, id) <
         (timestamptz 'epoch' + $4::bigint * interval '1 microsecond', $5::uuid))
     order by created_at desc, id desc limit $6`,
    [kind, realm, uid, after?.createdAt ?? null, after?.id ?? null, limit + 1],
  );
  const shown = rows.slice(0, limit);
  const last = rows.length > limit ? shown.at(-1) : undefined;
  return {
    refreshTokens: shown.map(({ micros: _micros, ...token }) => token),
    next: last === undefined ? null : formatCursor({ createdAt: last.micros, id: last.id }),
  };
}

const CURSOR = /^(\d{1,18})\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;

/** @returns the cursor as it is shown to clients */
function formatCursor({ createdAt, id }: Cursor): string {
  return `${createdAt}.${id}`;
}

/**
 * @param text - a cursor as a client gives it back
 * @returns the cursor, or `null` when it is none of ours
 */
export function parseCursor(text: string): Cursor | null {
  const [, createdAt, id] = CURSOR.exec(text) ?? [];
  return createdAt === undefined || id === undefined ? null : { createdAt, id };
}
