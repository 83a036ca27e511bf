import type { ForeignDatabase } from "#service-kit/db/foreign-database.js";

/** A tag as Pier One has it; nothing of it is checked yet. */
export interface PierOneTag extends PierOnePlace {
  /** Name of who pushed it; "" where nobody is noted. */
  readonly createdBy: string;
  /** When, to the microsecond, `2016-01-30T20:33:57.123456Z`; `null` for a time that is none. */
  readonly createdAt: string | null;
  /** `null` of what was pushed by Docker's first registry protocol. */
  readonly manifest: string | null;
  readonly contentDigest: string | null;
  readonly source: PierOneSource | null;
}

/** By which tags are put in order. */
export interface PierOnePlace {
  readonly team: string;
  readonly artifact: string;
  readonly name: string;
}

/** Where an image comes from, as Pier One would say. */
export interface PierOneSource {
  readonly url: string;
  readonly revision: string;
  readonly author: string;
  readonly status: string;
  readonly createdAt: string;
  /** Whether it came with the push, in the header; else it was in a layer. */
  readonly named: boolean;
}

/** What there is to bring across. */
export interface PierOneTotals {
  readonly tags: number;
  /** Those of Docker's first registry protocol. */
  readonly first: number;
  readonly blobs: number;
  readonly bytes: number;
}

/** Before all tags. */
export const BEFORE_TAGS: PierOnePlace = { team: "", artifact: "", name: "" };

/** What is read; tables of later versions are missing where that never ran. */
const NEEDED = ["tags.t_manifest", "tags.t_content_digest", "images.i_size", "scm_source_data.ssd_url", "scm_source_data_by_tag.ssdbt_url"]; // prettier-ignore

/** @returns columns that are read and that are not there */
export async function missingColumns(db: ForeignDatabase): Promise<string[]> {
  const rows = await db.query<{ name: string }>(
    `select needed.name from unnest($1::text[]) as needed (name)
     where not exists (
       select from information_schema.columns
       where table_schema = 'zp_data' and table_name || '.' || column_name = needed.name)`,
    [NEEDED],
  );
  return rows.map(({ name }) => name);
}

/** @returns whether it knows a time zone by that name */
export async function isTimeZone(db: ForeignDatabase, zone: string): Promise<boolean> {
  const rows = await db.query("select from pg_timezone_names where lower(name) = lower($1)", [
    zone,
  ]);
  return rows.length > 0;
}

/** @returns how much there is */
export async function countPierOne(db: ForeignDatabase): Promise<PierOneTotals> {
  const [tags] = await db.query<Pick<PierOneTotals, "tags" | "first">>(
    `select count(*)::float8 as tags, count(case when t_manifest is null then 1 end)::float8 as first
     from zp_data.tags`,
  );
  const [blobs] = await db.query<Pick<PierOneTotals, "blobs" | "bytes">>(
    `select count(*)::float8 as blobs, coalesce(sum(i_size), 0)::float8 as bytes
     from zp_data.images where i_accepted and i_id like 'sha256:%'`,
  );
  return { ...{ tags: 0, first: 0, blobs: 0, bytes: 0 }, ...tags, ...blobs };
}

/** Pier One's columns are without a zone. */
const instant = (column: string) => `case when isfinite(${column}) then to_char(
  (${column} at time zone $4) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') end`;

/**
 * @param db - Pier One's database
 * @param after - the tag that they follow
 * @param options - so many at most, and the time zone in which its dates are
 * @returns tags by name, each with the source that Pier One says it has: the newest of those that are noted for it
 */
export async function pierOneTags(
  db: ForeignDatabase,
  after: PierOnePlace,
  { limit, zone }: { readonly limit: number; readonly zone: string },
): Promise<PierOneTag[]> {
  return db.query<PierOneTag>(
    `select t_team as team, t_artifact as artifact, t_name as name,
            coalesce(t_created_by, '') as "createdBy", ${instant("t_created")} as "createdAt",
            t_manifest as manifest, t_content_digest as "contentDigest",
            (select row_to_json(source) from (
               select url, revision, author, status, ${instant("created")} as "createdAt", named
               from (
                 select ssdbt_url as url, ssdbt_revision as revision, ssdbt_author as author,
                        ssdbt_status as status, ssdbt_created as created, true as named
                 from zp_data.scm_source_data_by_tag
                 where ssdbt_team = t_team and ssdbt_artifact = t_artifact and ssdbt_name = t_name
                 union all
                 select ssd_url, ssd_revision, ssd_author, ssd_status, ssd_created, false
                 from zp_data.scm_source_data where ssd_image_id = any (t_fs_layers)
               ) as known where isfinite(created) order by created desc, named desc limit 1
             ) as source) as source
     from zp_data.tags
     where (t_team, t_artifact, t_name) > ($1, $2, $3)
     order by t_team, t_artifact, t_name limit $5`,
    [after.team, after.artifact, after.name, zone, limit],
  );
}
