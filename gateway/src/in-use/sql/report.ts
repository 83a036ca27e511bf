import type { Queryable } from "#service-kit/db/pool.js";
import type { ImageReference } from "../reference.js";

/** A reference of a report, and where it runs; both empty where that was not said. */
export interface ReportedImage extends ImageReference {
  readonly node: string;
  readonly service: string;
}

/** An image of which the ledger knows the manifest. */
export interface RunningImage extends Omit<ReportedImage, "digest"> {
  readonly digest: string;
}

/**
 * @param db - pool or transaction
 * @param images - as they were reported
 * @returns for each, at its place, the digests of the manifests that it names: none where there is no such image
 */
export async function resolveImages(
  db: Queryable,
  images: readonly ImageReference[],
): Promise<readonly (readonly string[])[]> {
  const { rows } = await db.query<{ place: number; digest: string }>(
    `select distinct asked.place::int as place, found.digest
     from unnest($1::text[], $2::text[], $3::text[]) with ordinality as asked (repository, tag, digest, place)
       cross join lateral (
         select tag.digest from ledger.tag
         where asked.digest is null and tag.repository = asked.repository and tag.name = asked.tag
           and tag.digest is not null and tag.deleted_at is null
         union all
         select manifest.digest from ledger.manifest
         where manifest.repository = asked.repository and manifest.digest = asked.digest
           and manifest.deleted_at is null
         union all
         select facts.digest from ledger.manifest_facts as facts
         where facts.repository = asked.repository and facts.image = asked.digest
       ) as found`,
    [
      images.map(({ repository }) => repository),
      images.map(({ tag }) => tag),
      images.map(({ digest }) => digest),
    ],
  );
  const found = images.map((): string[] => []);
  for (const { place, digest } of rows) found[place - 1]?.push(digest);
  return found;
}

/** A report. */
export interface Report {
  readonly uid: string;
  readonly realm: string;
  /** What of the reporter's it is about. */
  readonly name: string;
  readonly lifeSeconds: number;
}

/** When a report was taken, and until when it counts. */
export interface TakenReport {
  readonly id: number;
  readonly reportedAt: Date;
  readonly endsAt: Date;
}

/**
 * Begins a report: two of the same name come one after the other.
 *
 * @param tx - a transaction
 * @param report - which
 * @param most - as many names of one reporter
 * @returns it; `null` when the reporter has too many others
 */
export async function beginReport(
  tx: Queryable,
  { uid, realm, name, lifeSeconds }: Report,
  most: number,
): Promise<TakenReport | null> {
  const { rows } = await tx.query<TakenReport>(
    `insert into ledger.in_use_report as held (realm, uid, name, reported_at)
     select $1, $2, $3, clock_timestamp()
     where exists (select from ledger.in_use_report where realm = $1 and uid = $2 and name = $3)
       or (select count(*) from ledger.in_use_report where realm = $1 and uid = $2) < $4
     on conflict (realm, uid, name) do update set reported_at = excluded.reported_at
     returning id::float8 as id, reported_at as "reportedAt",
               reported_at + $5 * interval '1 second' as "endsAt"`,
    [realm, uid, name, most, lifeSeconds],
  );
  return rows[0] ?? null;
}

/**
 * Puts what runs in the place of what ran; that ended, and goes after a while, or when it is too much.
 *
 * @param tx - the transaction of {@link beginReport}
 * @param report - what that returned
 * @param images - all that runs
 * @param keep - for how many days what ended stays, and how much of it at most
 */
export async function replaceLines(
  tx: Queryable,
  { id, reportedAt, endsAt }: TakenReport,
  images: readonly RunningImage[],
  keep: { readonly days: number; readonly lines: number },
): Promise<void> {
  await tx.query("update ledger.in_use set ends_at = $2 where report = $1 and ends_at > $2", [
    id,
    reportedAt,
  ]);
  await tx.query(
    `insert into ledger.in_use (report, repository, digest, tag, node, service, first_at, last_at, ends_at)
     select distinct $1::bigint, repository, digest, coalesce(tag, ''), node, service,
            $2::timestamptz, $2::timestamptz, $3::timestamptz
     from unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
       as running (repository, digest, tag, node, service)
     on conflict (report, repository, digest, tag, node, service)
       do update set last_at = excluded.last_at, ends_at = excluded.ends_at`,
    [
      ...[id, reportedAt, endsAt],
      images.map(({ repository }) => repository),
      images.map(({ digest }) => digest),
      images.map(({ tag }) => tag),
      images.map(({ node }) => node),
      images.map(({ service }) => service),
    ],
  );
  await tx.query(
    `delete from ledger.in_use where report = $1 and ends_at <= $2
       and (ends_at < $2 - $3 * interval '1 day'
            or ends_at < (select ends_at from ledger.in_use where report = $1
                          order by ends_at desc offset $4 limit 1))`,
    [id, reportedAt, keep.days, keep.lines],
  );
}
