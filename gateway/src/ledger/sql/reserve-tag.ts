import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Tag } from "#registry-protocol/tag.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A push that wants to write a tag. */
export interface TagClaim {
  readonly repository: RepositoryName;
  readonly tag: Tag;
  readonly digest: Digest;
  readonly actor: string;
  /** Unique id of this attempt. */
  readonly reservation: string;
}

/**
 * The statement that decides: reserves a tag that nobody is writing and that is free or may change.
 * A reservation whose lease ran out belongs to a dead gateway and is taken over.
 *
 * @param db - pool or transaction
 * @param claim - who wants to write what
 * @param options - seconds the reservation lasts, and whether a held tag may change
 * @returns whether the tag is now reserved for this claim
 */
export async function reserveTag(
  db: Queryable,
  claim: TagClaim,
  options: { leaseSeconds: number; mutable: boolean },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into ledger.tag as held
       (repository, name, reservation, reserved_digest, reserved_by, reserved_until)
     values ($1, $2, $3, $4, $5, now() + $6 * interval '1 second')
     on conflict (repository, name) do update
       set reservation = excluded.reservation,
           reserved_digest = excluded.reserved_digest,
           reserved_by = excluded.reserved_by,
           reserved_until = excluded.reserved_until
       where (held.reservation is null or held.reserved_until < now())
         and (held.digest is null or $7)`,
    [
      claim.repository,
      claim.tag,
      claim.reservation,
      claim.digest,
      claim.actor,
      options.leaseSeconds,
      options.mutable,
    ],
  );
  return rowCount === 1;
}
