import type { Digest } from "#registry-protocol/digest.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { parentsOf } from "../../ledger/sql/manifest-links.js";

/** Somebody who used an image. */
export interface Usage {
  readonly how: "pulled" | "reported";
  readonly repository: string;
  readonly digest: string;
  readonly tag: string | null;
  readonly uid: string;
  readonly realm: string;
  /** Of reports what of the reporter's they are about; of pulls `null`. */
  readonly report: string | null;
  readonly node: string | null;
  readonly service: string | null;
  /** Of pulls from where, and with what. */
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly lastAt: Date;
  /** Of what is reported: until when it counts as running, unless it is reported again. */
  readonly endsAt: Date | null;
}

const PULLED = `select 'pulled' as how, pull.repository, pull.digest, pull.tag, pull.uid, pull.realm, pull.kind,
    null::text as report, null::text as node, null::text as service, pull.address, pull.user_agent,
    pull.last_at, null::timestamptz as ends_at,
    md5(concat_ws(' ', pull.repository, pull.tag, pull.digest, pull.caller)) as key
  from ledger.pull`;
const REPORTED = `select 'reported' as how, line.repository, line.digest, line.tag, report.uid, report.realm, '' as kind,
    report.name as report, nullif(line.node, '') as node, nullif(line.service, '') as service, null, null,
    line.last_at, line.ends_at,
    md5(concat_ws(' ', line.report, line.repository, line.tag, line.digest, line.node, line.service)) as key
  from ledger.in_use as line join ledger.in_use_report as report on report.id = line.report`;

const COLUMNS = `used.how, used.repository, used.digest, nullif(used.tag, '') as tag, used.uid, used.realm, used.report,
  used.node, used.service, used.address, used.user_agent as "userAgent", used.last_at as "lastAt", used.ends_at as "endsAt"`;

/** All that a manifest is in, by the digests of `start`: who runs an index runs an image of it. */
const whole = (start: string) => `whole (repository, digest) as (
    ${start}
    union
    select whole.repository, above.digest from whole cross join lateral (
      ${parentsOf("whole.digest", "whole.repository")}
    ) as above
  )`;

/** Where a page ends. */
export interface UsagePlace {
  /** As the database writes it, so that nothing of it is lost. */
  readonly at: string;
  readonly key: string;
}

/** Of what the users are asked for. */
export interface UsageQuery {
  /** `null`: in all of them. */
  readonly repository: RepositoryName | null;
  readonly tag: string | null;
  /** Of a manifest or of a configuration. */
  readonly digest: Digest | null;
  readonly limit: number;
  readonly after: UsagePlace | null;
}

/**
 * @param db - pool
 * @param query - of what, and how much
 * @returns who pulled it and where it runs, the latest first, each with its place
 */
export async function readUsages(
  db: Queryable,
  query: UsageQuery,
): Promise<readonly (Usage & { readonly place: UsagePlace })[]> {
  const { repository, tag, digest, limit, after } = query;
  const { rows } = await db.query<Usage & UsagePlace>(
    `with recursive ${whole(NAMED)}
     select ${COLUMNS}, used.key,
            to_char(used.last_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as at
     from ${usedBy(query)}
     where $4::timestamptz is null or (used.last_at, used.key) < ($4, $5::text)
     order by used.last_at desc, used.key desc limit $6`,
    [repository, tag, digest, after?.at ?? null, after?.key ?? null, limit],
  );
  return rows.map(({ at, key, ...usage }) => ({ ...usage, place: { at, key } }));
}

/** The manifests that are asked for, in repository $1 or in all: what the tag $2 means, or what the digest $3 is of. */
const NAMED = `(
    select tag.repository, tag.digest from ledger.tag
    where tag.repository = $1 and tag.name = $2 and tag.digest is not null
    union all
    ${(["facts.digest", "facts.image"] as const)
      .map(
        (named) => `select facts.repository, facts.digest from ledger.manifest_facts as facts
    where ${named} = $3 and ($1::text is null or facts.repository = $1)`,
      )
      .join(" union all ")}
    union all
    select pull.repository, pull.digest from ledger.pull
    where pull.digest = $3 and ($1::text is null or pull.repository = $1)
    union all
    select line.repository, line.digest from ledger.in_use as line
    where line.digest = $3 and ($1::text is null or line.repository = $1)
  )`;

/** By a digest each of its few places is looked up; all else is of one repository, whose records have a bound. */
function usedBy({ tag, digest }: UsageQuery): string {
  if (digest !== null)
    return `whole cross join lateral (
       ${PULLED} where pull.repository = whole.repository and pull.digest = whole.digest
       union all
       ${REPORTED} where line.repository = whole.repository and line.digest = whole.digest
     ) as used`;
  const of =
    tag === null
      ? () => "true"
      : (line: string) => `(${line}.tag = $2 or ${line}.digest in (select digest from whole))`;
  return `(
       ${PULLED} where pull.repository = $1 and ${of("pull")}
       union all
       ${REPORTED} where line.repository = $1 and ${of("line")}
     ) as used`;
}

/** Whose use of what may stand in the way of its deletion. */
export interface RecentQuery {
  readonly repository: string;
  readonly digest: string;
  /** Days for which a use counts. */
  readonly days: number;
  /** What they pulled themselves does not count. */
  readonly except: { readonly uid: string; readonly realm: string };
  readonly limit: number;
}

/**
 * @param db - pool or transaction
 * @param query - of what
 * @returns who uses it, the latest first; pulls of those who did not log in are none, and nothing is where it was waived
 */
export async function readRecentUsages(
  db: Queryable,
  { repository, digest, days, except, limit }: RecentQuery,
): Promise<readonly Usage[]> {
  const { rows } = await db.query<Usage>(
    `with recursive ${whole("select $1::text, $2::text")}
     select ${COLUMNS} from whole cross join lateral (
       ${PULLED} where pull.repository = whole.repository and pull.digest = whole.digest
         and pull.kind <> 'anonymous' and not (pull.uid = $4 and pull.realm = $5)
         and pull.last_at > clock_timestamp() - $3 * interval '1 day'
       union all
       ${REPORTED} where line.repository = whole.repository and line.digest = whole.digest
         and (line.ends_at > clock_timestamp() or line.last_at > clock_timestamp() - $3 * interval '1 day')
     ) as used
     where not exists (
       select from ledger.in_use_waiver as waiver
       where waiver.repository = $1 and waiver.digest = $2 and waiver.ends_at > clock_timestamp())
     order by used.last_at desc limit $6`,
    [repository, digest, days, except.uid, except.realm, limit],
  );
  return rows;
}
