import type { Queryable } from "#service-kit/db/pool.js";
import type { ManifestPlace } from "./known-manifests.js";

/** What the ledger keeps of a manifest, held against its digest and the audit log. */
export interface KeptBytes extends ManifestPlace {
  /** Whether its bytes were forgotten, as the ledger says. */
  readonly isForgotten: boolean;
  /** Whether the bytes have its digest; of those forgotten whether an entry says so. */
  readonly isRight: boolean;
}

/**
 * @param db - ledger and audit log, as they stand at one moment
 * @param after - the manifest that they follow
 * @param limit - so many at most
 * @returns manifests, deleted ones too, in the order of their places
 */
export async function keptBytesAfter(
  db: Queryable,
  after: ManifestPlace,
  limit: number,
): Promise<KeptBytes[]> {
  const { rows } = await db.query<KeptBytes>(
    `select manifest.repository, manifest.digest, forgotten_at is not null as "isForgotten",
            case when forgotten_at is not null then
              octet_length(manifest.content) = 0 and exists (
                select from audit.entry
                where entry.repository = manifest.repository and entry.action = 'manifest.forgotten'
                  and entry.at >= manifest.forgotten_at - interval '1 minute'
                  and strpos(entry.content, '"digest":"' || manifest.digest || '"') > 0)
            else substr(manifest.digest, 8) = encode(case substr(manifest.digest, 1, 7)
              when 'sha512:' then sha512(manifest.content)
              when 'sha384:' then sha384(manifest.content)
              else sha256(manifest.content) end, 'hex') end as "isRight"
     from ledger.manifest where (manifest.repository, manifest.digest) > ($1, $2)
     order by manifest.repository, manifest.digest limit $3`,
    [after.repository, after.digest, limit],
  );
  return rows;
}
