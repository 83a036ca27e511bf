import type { Queryable } from "#service-kit/db/pool.js";

/** A view that fits into no token. */
export interface LongView {
  /** Of the content, in hexadecimal, by SHA-256: whoever knows it had the view. */
  readonly digest: string;
  /** As a token would carry it. */
  readonly content: string;
}

/**
 * @param db - where it is kept
 * @param view - a view
 * @param seconds - for how long at least; who makes one token after the other writes it now and then
 */
export async function keepLongView(
  db: Queryable,
  { digest, content }: LongView,
  seconds: number,
): Promise<void> {
  await db.query(
    `insert into token_server.long_view as kept (digest, content, expires_at)
     values ($1, $2, now() + 2 * $3 * interval '1 second')
     on conflict (digest) do update set expires_at = excluded.expires_at
     where kept.expires_at < now() + $3 * interval '1 second'`,
    [digest, content, seconds],
  );
}

/** @returns the content of a view that some token may still name; `null`: there is none */
export async function readLongView(db: Queryable, digest: string): Promise<string | null> {
  const { rows } = await db.query<{ content: string }>(
    "select content from token_server.long_view where digest = $1",
    [digest],
  );
  return rows[0]?.content ?? null;
}

/** Forgets views that no token names any more. */
export async function forgetLongViews(db: Queryable): Promise<void> {
  await db.query("delete from token_server.long_view where expires_at < now()");
}
