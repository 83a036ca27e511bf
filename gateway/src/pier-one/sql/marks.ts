import type { Queryable } from "#service-kit/db/pool.js";

/** A mark that an image gets. */
export interface Mark {
  readonly repository: string;
  readonly digest: string;
  readonly incident: string;
  readonly by: string;
}

/**
 * @param tx - transaction that also writes the audit entry
 * @param mark - which image, why and by whom
 * @returns whether it is new
 */
export async function markImage(
  tx: Queryable,
  { repository, digest, incident, by }: Mark,
): Promise<boolean> {
  const { rowCount } = await tx.query(
    `insert into ledger.production_mark (repository, digest, incident, marked_by)
     values ($1, $2, $3, $4) on conflict do nothing`,
    [repository, digest, incident, by],
  );
  return rowCount === 1;
}
