import { inMicroseconds } from "#audit-log/sql/in-microseconds.js";
import type { Digest } from "#registry-protocol/digest.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** What the ledger knows of the registry's storage. */
export interface KnownStorage {
  readonly id: string;
  /** Of its marker's manifest. */
  readonly digest: Digest;
  /** Whether that stood at the registry once; else it was about to be written. */
  readonly isWritten: boolean;
  /** How far it has come; `null`: it has taken no step. */
  readonly step: KnownStep | null;
}

/** How far the storage has come, as the ledger knows. */
export interface KnownStep {
  readonly number: number;
  /** Of what says so at the registry; `null`: none was seen there. */
  readonly digest: Digest | null;
  /** Of the next one, that may stand there already. */
  readonly nextDigest: Digest | null;
  readonly at: string | null;
}

/** @returns what the ledger knows of the storage; `null` when no marker has been written */
export async function readStorage(db: Queryable): Promise<KnownStorage | null> {
  const { rows } = await db.query<KnownStorage & { readonly stepped: boolean }>(
    `select id, held.digest, written_at is not null as "isWritten",
            step.storage is not null as stepped,
            json_build_object('number', number, 'digest', step.digest, 'nextDigest', next_digest,
                              'at', ${inMicroseconds("stepped_at")}) as step
     from ledger.storage as held left join ledger.storage_step as step on step.storage = held.id`,
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { stepped, step, ...storage } = row;
  return { ...storage, step: stepped ? step : null };
}

/** Notes a marker that is about to be written, in the place of one that never was. */
export async function noteIntended(
  db: Queryable,
  { id, digest }: Pick<KnownStorage, "id" | "digest">,
): Promise<void> {
  await db.query(
    `insert into ledger.storage as held (id, digest) values ($1, $2)
     on conflict ("only") do update set id = excluded.id, digest = excluded.digest
       where held.written_at is null`,
    [id, digest],
  );
}

/** Notes that the marker stands at the registry, and returns whether that is news. */
export async function noteWritten(tx: Queryable, digest: Digest): Promise<boolean> {
  const { rowCount } = await tx.query(
    `update ledger.storage set written_at = clock_timestamp()
     where digest = $1 and written_at is null`,
    [digest],
  );
  return rowCount === 1;
}

/** Takes what an operator says for the storage, from now on. */
export async function acceptStorage(
  tx: Queryable,
  { id, digest }: Pick<KnownStorage, "id" | "digest">,
): Promise<void> {
  await tx.query(
    `insert into ledger.storage (id, digest, written_at, accepted_at)
     values ($1, $2, clock_timestamp(), clock_timestamp())
     on conflict ("only") do update
       set id = excluded.id, digest = excluded.digest, written_at = excluded.written_at,
           accepted_at = excluded.accepted_at`,
    [id, digest],
  );
}

/** A tag, and what it means in the ledger. */
export type SampledTag = TagKey & { readonly digest: Digest };

const STANDING = `digest is not null and deleted_at is null and reservation is null
  and missing_since is null and drift_digest is null`;

/**
 * For the one time at which a storage gets its first marker: both statements go through all tags.
 *
 * @param db - ledger
 * @param limit - of each kind as many
 * @returns tags that should stand at the registry: the newest, and some by chance
 */
export async function sampleTags(
  db: Queryable,
  limit: number,
): Promise<{ readonly newest: readonly SampledTag[]; readonly any: readonly SampledTag[] }> {
  const tags = async (order: string) => {
    const { rows } = await db.query<SampledTag>(
      `select repository, name as tag, digest from ledger.tag where ${STANDING}
       order by ${order} limit $1`,
      [limit],
    );
    return rows;
  };
  return { newest: await tags("pushed_at desc"), any: await tags("random()") };
}

/** @returns whether nothing was ever pushed or found */
export async function isLedgerEmpty(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ empty: boolean }>(
    `select not exists (select from ledger.tag where digest is not null)
        and not exists (select from ledger.manifest) as empty`,
  );
  return rows[0]?.empty ?? false;
}
