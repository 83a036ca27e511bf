import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { STANDING } from "./referrers.js";

/** Where something that refers stands among all of a repository: by its subject, then those under tags behind the others. */
export interface ReferringPlace {
  readonly subject: string;
  /** Empty where it was not found by a tag. */
  readonly tag: string;
  readonly digest: string;
}

/** Something that refers. */
export interface ReferringRow extends ReferringPlace {
  /** JSON, as it stands in a list of referrers. */
  readonly descriptor: string;
  /** Tags that mean the subject, ten at most, by name. */
  readonly subjectTags: readonly string[];
}

/** Tags under which cosign 2 keeps what belongs to an image. */
const COSIGN_TAG = "'^sha256-[0-9a-f]{64}[.](sig|att|sbom)$'";
const SUBJECT_OF_TAG = `'sha256:' || substr(tag.name, 8, 64)`;
const MOST_TAGS = 10;

const DESCRIPTOR_OF_TAG = `jsonb_strip_nulls(jsonb_build_object('mediaType', manifest.media_type, 'digest', tag.digest,
    'size', octet_length(manifest.content), 'artifactType', facts.artifact_type))::text`;
/** Tags of a repository in the order of their names, with what they mean. */
const TAGGED = `ledger.tag
  left join ledger.manifest on manifest.repository = tag.repository and manifest.digest = tag.digest
  left join ledger.manifest_facts as facts on facts.repository = tag.repository and facts.digest = tag.digest
  where tag.repository collate "C" = $1 and tag.digest is not null and tag.deleted_at is null`;

/**
 * @param db - pool
 * @param asked - of which repository, what they follow (`null`: the first ones), and how many at most
 * @returns what refers to manifests of a repository and stands, also by cosign's tags
 */
export async function readReferring(
  db: Queryable,
  {
    repository,
    after,
    limit,
  }: {
    readonly repository: RepositoryName;
    readonly after: ReferringPlace | null;
    readonly limit: number;
  },
): Promise<readonly ReferringRow[]> {
  const { rows } = await db.query<ReferringRow>(
    `select page.subject, page.tag, page.digest, page.descriptor, array(
       select tag.name from ledger.tag
       where tag.repository = $1 and tag.digest = page.subject and tag.deleted_at is null
       order by tag.name collate "C" limit ${MOST_TAGS}) as "subjectTags"
     from (
       (select referrer.subject, '' collate "C" as tag, referrer.digest, referrer.descriptor
        from ledger.referrer cross join ${STANDING}
        where referrer.repository = $1
          and (referrer.subject, referrer.digest) > ($2, case when $3 = '' then $4 else '~' end)
        order by referrer.subject, referrer.digest limit $5)
       union all
       (select ${SUBJECT_OF_TAG} collate "C", tag.name collate "C", tag.digest collate "C", ${DESCRIPTOR_OF_TAG}
        from ${TAGGED} and tag.name collate "C" < 'sha256.'
          and tag.name collate "C" > greatest(case when $3 = '' then replace($2, ':', '-') else $3 end, 'sha256-' collate "C")
          and tag.name ~ ${COSIGN_TAG}
        order by tag.name collate "C" limit $5)
     ) as page
     order by page.subject, page.tag, page.digest limit $5`,
    [repository, after?.subject ?? "", after?.tag ?? "", after?.digest ?? "", limit],
  );
  return rows;
}

/**
 * @param db - pool
 * @param repository - a repository
 * @param names - cosign's tags that there may be
 * @returns those that there are, and what they mean
 */
export async function readTagged(
  db: Queryable,
  repository: RepositoryName,
  names: readonly string[],
): Promise<readonly Pick<ReferringRow, "tag" | "digest" | "descriptor">[]> {
  const { rows } = await db.query<Pick<ReferringRow, "tag" | "digest" | "descriptor">>(
    `select tag.name as tag, tag.digest, ${DESCRIPTOR_OF_TAG} as descriptor
     from ${TAGGED} and tag.name collate "C" = any($2::text[]) order by tag.name collate "C"`,
    [repository, names],
  );
  return rows;
}
