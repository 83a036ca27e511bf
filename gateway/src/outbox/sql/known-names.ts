import type { Queryable } from "#service-kit/db/pool.js";
import type { Selection } from "./selection.js";

/**
 * @param db - pool or transaction
 * @param selection - what an operator narrowed down
 * @returns the options whose name no queue has: it may be mistyped
 */
export async function unknownNames(
  db: Queryable,
  { sink, repository }: Pick<Selection, "sink" | "repository">,
): Promise<("sink" | "repository")[]> {
  const { rows } = await db.query<{ sink: boolean; repository: boolean }>(
    `select $1::text is null or exists (select from ledger.outbox where sink = $1) as sink,
            $2::text is null or exists (select from ledger.outbox where repository = $2) as repository`,
    [sink ?? null, repository ?? null],
  );
  return (["sink", "repository"] as const).filter((name) => rows[0]?.[name] === false);
}
