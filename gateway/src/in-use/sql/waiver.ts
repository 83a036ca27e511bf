import type { Queryable } from "#service-kit/db/pool.js";

/**
 * @param tx - transaction that also writes the audit entry
 * @param waiver - of what, who says so and why, and seconds for which it counts
 * @returns until when; `null` when the ledger has no such manifest
 */
export async function putWaiver(
  tx: Queryable,
  waiver: {
    readonly repository: string;
    readonly digest: string;
    readonly by: string;
    readonly reason: string;
    readonly seconds: number;
  },
): Promise<Date | null> {
  const { repository, digest, by, reason, seconds } = waiver;
  await tx.query("delete from ledger.in_use_waiver where ends_at < clock_timestamp()");
  const { rows } = await tx.query<{ endsAt: Date }>(
    `insert into ledger.in_use_waiver (repository, digest, waived_by, reason, ends_at)
     select repository, digest, $3, $4, clock_timestamp() + $5 * interval '1 second'
     from ledger.manifest where repository = $1 and digest = $2 and deleted_at is null
     on conflict (repository, digest) do update
       set waived_by = excluded.waived_by, reason = excluded.reason, ends_at = excluded.ends_at
     returning ends_at as "endsAt"`,
    [repository, digest, by, reason, seconds],
  );
  return rows[0]?.endsAt ?? null;
}
