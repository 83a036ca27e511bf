import type { SeenTag } from "../../drift/seen-tag.js";
import type { TagKey } from "#registry-protocol/tag-key.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** What the ledger has on a tag that the registry reports. */
export interface ReportedTag extends Omit<SeenTag, "digest"> {
  /** `null` while its first push is on its way. */
  readonly digest: SeenTag["digest"] | null;
  readonly reserved: boolean;
  readonly deleted: boolean;
}

/**
 * @param db - pool or transaction
 * @param keys - tags
 * @returns those of them that the ledger knows
 */
export async function readReportedTags(
  db: Queryable,
  keys: readonly TagKey[],
): Promise<ReportedTag[]> {
  const { rows } = await db.query<ReportedTag>(
    `select tag.repository, tag.name as tag, digest, pushed_at::text as version,
            locked_at is not null as locked, missing_since is not null as missing,
            reservation is not null as reserved, deleted_at is not null as deleted
     from unnest($1::text[], $2::text[]) as asked (repository, name)
     join ledger.tag using (repository, name)`,
    [keys.map(({ repository }) => repository), keys.map(({ tag }) => tag)],
  );
  return rows;
}
