import type { Queryable } from "#service-kit/db/pool.js";

/** Keeps what a file said, once. */
export async function keepContent(
  tx: Queryable,
  { sha256, content }: { readonly sha256: string; readonly content: string },
): Promise<void> {
  await tx.query(
    "insert into audit.followed_file (sha256, content) values ($1, $2) on conflict (sha256) do nothing",
    [sha256, content],
  );
}

/**
 * @param db - the audit log
 * @param sha256 - of what a file said, in hexadecimal
 * @returns that; `null`: it was not kept
 */
export async function readContent(db: Queryable, sha256: string): Promise<string | null> {
  const { rows } = await db.query<{ content: string }>(
    "select content from audit.followed_file where sha256 = $1",
    [sha256],
  );
  return rows[0]?.content ?? null;
}

/** @returns hashes under which something else is kept than what has them */
export async function wrongContents(db: Queryable): Promise<string[]> {
  const { rows } = await db.query<{ sha256: string }>(
    `select sha256 from audit.followed_file
     where encode(sha256(convert_to(content, 'UTF8')), 'hex') <> sha256 order by sha256`,
  );
  return rows.map(({ sha256 }) => sha256);
}
