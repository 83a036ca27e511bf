import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A blob that a garbage collection has to remove. */
export interface Canary {
  readonly repository: RepositoryName;
  readonly digest: Digest;
}

/** @returns the canary that was written last, `null` when there is none */
export async function readCanary(db: Queryable): Promise<Canary | null> {
  const { rows } = await db.query<Canary>("select repository, digest from ledger.canary");
  return rows[0] ?? null;
}

/** Notes a canary in the place of the one before. */
export async function writeCanary(db: Queryable, { repository, digest }: Canary): Promise<void> {
  await db.query(
    `insert into ledger.canary (repository, digest) values ($1, $2)
     on conflict ("only") do update
       set repository = excluded.repository, digest = excluded.digest,
           written_at = excluded.written_at`,
    [repository, digest],
  );
}

/** Asks no more for it: pushes are welcome again. */
export async function forgetCanary(db: Queryable): Promise<void> {
  await db.query("delete from ledger.canary");
}

/** @returns a repository that stands at the registry, so that no new one comes into being; `null` when there is none */
export async function someRepository(db: Queryable): Promise<RepositoryName | null> {
  const { rows } = await db.query<{ repository: RepositoryName }>(
    "select repository from ledger.tag where digest is not null and deleted_at is null limit 1",
  );
  return rows[0]?.repository ?? null;
}
