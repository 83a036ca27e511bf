import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable, Transaction } from "#service-kit/db/pool.js";
import { PUSHED_NOW } from "../../ledger/sql/latest-tag.js";
import { tellSettled } from "../../ledger/sql/settle-tag.js";
import type { SeenTag } from "../../drift/seen-tag.js";
import type { TakenTag } from "../pass.js";
import type { Cursor } from "./cursor.js";
import { LIVE, SEEN_TAG } from "./staging.js";

/** @returns tags that were found at the registry since then, in the order of their names; those of signatures too */
export async function foundSince(
  db: Queryable,
  since: string,
  after: Cursor,
  limit: number,
): Promise<SeenTag[]> {
  const { rows } = await db.query<SeenTag>(
    `select ${SEEN_TAG} from ledger.tag
     where (repository, name) > ($1, $2) and ${LIVE} and origin = 'adopted' and locked_at is null
       and pushed_at >= $3::timestamptz
     order by repository, name limit $4`,
    [after.repository, after.tag, since, limit],
  );
  return rows;
}

/** @returns whether anything was ever pushed there through a gateway: else virtual `latest` is inherited */
export async function wasPushedTo(db: Queryable, repository: RepositoryName): Promise<boolean> {
  const { rows } = await db.query<{ pushed: boolean }>(
    `select exists (select from ledger.tag where repository = $1 and origin = 'pushed') as pushed`,
    [repository],
  );
  return rows[0]?.pushed ?? false;
}

/**
 * Lets a tag mean what it means at the registry, as of now.
 *
 * @param tx - transaction that also writes the audit entry
 * @param taken - the tag; when it has changed since it was seen, nothing happens
 * @param as - `pushed`: it counts for virtual `latest`; and who says so
 * @returns whether it was taken over
 */
export async function takeTag(
  tx: Transaction,
  { seen, found }: TakenTag,
  as: { readonly origin: "pushed" | "adopted"; readonly by: string },
): Promise<boolean> {
  const { rows } = await tx.query<{ revision: number; digest: Digest }>(
    `update ledger.tag
     set digest = $5, pushed_by = $7, pushed_at = ${PUSHED_NOW}, origin = $6,
         missing_since = null, missing_sightings = 0, missing_seen_at = null,
         drift_digest = null, drift_since = null
     where repository = $1 and name = $2 and digest = $3 and pushed_at = $4::timestamptz
       and reservation is null and deleted_at is null and locked_at is null
     returning revision::float8 as revision, digest`,
    [seen.repository, seen.tag, seen.digest, seen.version, found, as.origin, as.by],
  );
  const [row] = rows;
  if (row === undefined) return false;
  tellSettled(tx, seen, { kind: "means", ...row, locked: false });
  return true;
}
