import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A repository of which every tag that the registry lists is in the ledger. */
export interface ComparedRepository {
  readonly repository: RepositoryName;
  /** Whether the registry lists a tag `latest`. */
  readonly latest: boolean;
}

/** Notes repositories whose lists are read in the ledger from now on. Nothing is written where that is known. */
export async function markCompared(
  session: Queryable,
  compared: readonly ComparedRepository[],
): Promise<void> {
  if (compared.length === 0) return;
  await session.query(
    `insert into ledger.repository as known (name, compared_at, lists_latest)
     select name, now(), latest from unnest($1::text[], $2::boolean[]) as listed (name, latest)
     where not exists (select from ledger.repository as known where known.name = listed.name
                         and known.compared_at is not null and known.lists_latest = listed.latest)
     on conflict (name) do update set compared_at = coalesce(known.compared_at, excluded.compared_at),
                                      lists_latest = excluded.lists_latest`,
    [compared.map(({ repository }) => repository), compared.map(({ latest }) => latest)],
  );
}

/** Notes the repositories of the registry's whole catalog, as it was staged; the catalog is read in the ledger from now on. */
export async function markCatalog(session: Queryable): Promise<void> {
  await session.query(
    `insert into ledger.repository (name) select name from listed_repository as listed
     where not exists (select from ledger.repository as known where known.name = listed.name)
     on conflict do nothing`,
  );
  await session.query(`update ledger.discovery set catalog_at = now() where catalog_at is null`);
}
