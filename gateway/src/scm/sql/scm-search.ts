import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { ManifestKey } from "./scm-source.js";

/** A search that somebody has taken on. */
export interface TakenSearch extends ManifestKey {
  /** Who pushed the manifest. */
  readonly by: string;
  /** Whether layers are read, too. */
  readonly withLayers: boolean;
  /** This attempt included. */
  readonly attempts: number;
  readonly claim: string;
}

/**
 * Has manifests looked through for their source, unless it is known or they were looked through before.
 *
 * @param tx - transaction that brings the manifests into the ledger
 * @param repository - where they are
 * @param digests - the manifests
 * @param options - who pushed them, and whether their layers are to be read
 * @returns how many of them are looked through now that were not before
 */
export async function enqueueSearch(
  tx: Queryable,
  repository: RepositoryName,
  digests: readonly Digest[],
  options: { by: string; withLayers: boolean },
): Promise<number> {
  // In order, so that two who enqueue the same manifests do not wait for each other in a circle.
  const { rowCount } = await tx.query(
    `insert into ledger.scm_search as known (repository, digest, pushed_by, with_layers)
     select $1, wanted.digest, $3, $4
     from (select distinct digest from unnest($2::text[]) as digest order by digest) as wanted
     where not exists (select from ledger.scm_source as source
                       where source.repository = $1 and source.digest = wanted.digest)
     on conflict (repository, digest) do update
       set with_layers = true, pushed_by = excluded.pushed_by, attempts = 0, outcome = null,
           due_at = clock_timestamp(), claim = null, last_error = null
       where excluded.with_layers and not known.with_layers`,
    [repository, digests, options.by, options.withLayers],
    "enqueue search",
  );
  return rowCount ?? 0;
}

/**
 * Takes on the search that has waited longest. Nobody else does, until the claim's time is over.
 *
 * @param db - pool or transaction
 * @param claim - unique id of this attempt
 * @param leaseSeconds - how long the claim lasts
 * @returns the search, or `null` when none is due
 */
export async function takeSearch(
  db: Queryable,
  claim: string,
  leaseSeconds: number,
): Promise<TakenSearch | null> {
  const { rows } = await db.query<TakenSearch>(
    `with next as materialized (
       select repository, digest from ledger.scm_search
       where outcome is null and due_at <= clock_timestamp()
       order by due_at limit 1 for update skip locked
     )
     update ledger.scm_search as search
     set claim = $1, attempts = attempts + 1,
         due_at = clock_timestamp() + $2 * interval '1 second'
     from next where search.repository = next.repository and search.digest = next.digest
     returning search.repository, search.digest, pushed_by as by, with_layers as "withLayers",
               attempts, claim`,
    [claim, leaseSeconds],
    "take search",
  );
  return rows[0] ?? null;
}

/**
 * Ends a search that found something; that is kept elsewhere.
 *
 * @param tx - transaction that keeps the source
 * @param search - the search
 * @returns whether it was still this claim's
 */
export async function endSearch(tx: Queryable, search: TakenSearch): Promise<boolean> {
  const { rowCount } = await tx.query(
    `delete from ledger.scm_search where repository = $1 and digest = $2 and claim = $3`,
    [search.repository, search.digest, search.claim],
  );
  return rowCount === 1;
}

/**
 * Ends a search that found nothing.
 *
 * @param db - pool or transaction
 * @param search - the search
 * @param outcome - `given-up` when it could not be carried through
 * @param note - what there is to say, for operators
 */
export async function closeSearch(
  db: Queryable,
  search: TakenSearch,
  outcome: "none" | "given-up",
  note: string,
): Promise<void> {
  await db.query(
    `update ledger.scm_search set outcome = $4, last_error = $5, claim = null
     where repository = $1 and digest = $2 and claim = $3`,
    [search.repository, search.digest, search.claim, outcome, note],
    "close search",
  );
}

/**
 * Puts a search off.
 *
 * @param db - pool or transaction
 * @param search - the search
 * @param options - seconds until it is due again, why, and whether this attempt counts
 */
export async function postponeSearch(
  db: Queryable,
  search: TakenSearch,
  options: { seconds: number; note: string; counts: boolean },
): Promise<void> {
  await db.query(
    `update ledger.scm_search
     set due_at = clock_timestamp() + $4 * interval '1 second', last_error = $5, claim = null,
         attempts = attempts - $6
     where repository = $1 and digest = $2 and claim = $3`,
    [
      search.repository,
      search.digest,
      search.claim,
      options.seconds,
      options.note,
      options.counts ? 0 : 1,
    ],
  );
}

/**
 * @param db - pool or transaction
 * @returns how many searches wait or are under way
 */
export async function countSearches(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::int as count from ledger.scm_search where outcome is null`,
  );
  return rows[0]?.count ?? 0;
}

/**
 * @param db - pool or transaction
 * @param key - a manifest
 * @returns what became of the search in it; `null` when there was none, or it found something
 */
export async function readSearch(
  db: Queryable,
  { repository, digest }: ManifestKey,
): Promise<"waiting" | "none" | "given-up" | null> {
  const { rows } = await db.query<{ state: "waiting" | "none" | "given-up" }>(
    `select coalesce(outcome, 'waiting') as state from ledger.scm_search
     where repository = $1 and digest = $2`,
    [repository, digest],
  );
  return rows[0]?.state ?? null;
}
