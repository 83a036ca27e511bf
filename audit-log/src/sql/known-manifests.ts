import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";

/** A manifest that stands as far as the ledger knows. */
export interface KnownManifest {
  readonly repository: RepositoryName;
  readonly digest: Digest;
  /** Whether the ledger has its bytes; not of a tag that was adopted. */
  readonly isKept: boolean;
  /** Whether a tag means it. */
  readonly isTagged: boolean;
}

/** The place of a manifest among all of them, in the database's own order. */
export type ManifestPlace = Readonly<Record<"repository" | "digest", string>>;

/** Comes before every manifest. */
export const FIRST_PLACE: ManifestPlace = { repository: "", digest: "" };

const KEPT = "deleted_at is null and deleting_at is null";
/** Looked up row by row: as `not exists` it would be joined with all manifests from the first one on. */
const KEPT_ROW = `select true from ledger.manifest
  where manifest.repository = tag.repository and manifest.digest = tag.digest`;
const IS_TAGGED = `exists (select from ledger.tag
  where tag.repository = known.repository and tag.digest = known.digest and tag.deleted_at is null)`;

/**
 * @param session - connection
 * @param after - the manifest that they follow
 * @param limit - at most so many
 * @returns manifests that the ledger keeps or that its tags mean
 */
export async function nextManifests(
  session: Queryable,
  after: ManifestPlace,
  limit: number,
): Promise<KnownManifest[]> {
  const place = [after.repository, after.digest, limit];
  const { rows: kept } = await session.query<ManifestPlace>(
    `select repository, digest from ledger.manifest
     where (repository, digest) > ($1, $2) and ${KEPT} order by repository, digest limit $3`,
    place,
  );
  // Tags that mean what the ledger does not keep are looked for up to there alone: nearly all mean what it keeps.
  const last = kept.length < limit ? undefined : kept.at(-1);
  const isBefore = last === undefined ? "" : "and (repository, digest) <= ($4, $5)";
  const { rows } = await session.query<KnownManifest>(
    `select repository, digest, "isKept", ${IS_TAGGED} as "isTagged" from (
       (select repository, digest, true as "isKept" from ledger.manifest
        where (repository, digest) > ($1, $2) ${isBefore} and ${KEPT}
        order by repository, digest limit $3)
       union all
       (select distinct repository, digest, false from ledger.tag
        where (repository, digest) > ($1, $2) ${isBefore} and digest is not null and deleted_at is null
          and (${KEPT_ROW}) is null
        order by repository, digest limit $3)
     ) as known
     order by repository, digest limit $3`,
    last === undefined ? place : [...place, last.repository, last.digest],
  );
  return rows;
}

/** @returns whether the ledger keeps a manifest, and it is neither deleted nor being deleted */
export async function isKept(
  session: Queryable,
  { repository, digest }: Pick<KnownManifest, "repository" | "digest">,
): Promise<boolean> {
  const { rowCount } = await session.query(
    `select from ledger.manifest where repository = $1 and digest = $2 and ${KEPT}`,
    [repository, digest],
  );
  return rowCount === 1;
}

/** @returns whether a tag means a manifest */
export async function isTagged(
  session: Queryable,
  { repository, digest }: Pick<KnownManifest, "repository" | "digest">,
): Promise<boolean> {
  const { rowCount } = await session.query(
    "select from ledger.tag where repository = $1 and digest = $2 and deleted_at is null limit 1",
    [repository, digest],
  );
  return rowCount === 1;
}

/** @returns a manifest's bytes and type as the ledger keeps them, `null` when it does not */
export async function keptContent(
  session: Queryable,
  { repository, digest }: Pick<KnownManifest, "repository" | "digest">,
): Promise<{ readonly mediaType: string; readonly content: Buffer } | null> {
  const { rows } = await session.query<{ mediaType: string; content: Buffer }>(
    `select media_type as "mediaType", content from ledger.manifest
     where repository = $1 and digest = $2 and forgotten_at is null`,
    [repository, digest],
  );
  return rows[0] ?? null;
}
