import type { Queryable } from "#service-kit/db/pool.js";
import { byNumber } from "./shown.js";

/** What passes of discovery find, what is worse first. */
export const FINDING_KINDS = ["drifted", "missing", "absent", "incomplete", "adopted"] as const;
export type FindingKind = (typeof FINDING_KINDS)[number];

/** Where a finding stands among those of its kind. */
export interface FindingPlace {
  readonly repository: string;
  /** Of a tag its name, of a manifest that lacks something its digest. */
  readonly name: string;
  /** What it lacks; empty of a tag. */
  readonly part: string;
}

/** A finding. */
export interface FindingRow extends FindingPlace {
  /** What the ledger says that is there. */
  readonly digest: string;
  /** What the registry has in its place. */
  readonly found: string | null;
  /** Since when it is known; `null`: not yet often enough to count. */
  readonly since: Date | null;
  /** In how many passes in a row it was not found. */
  readonly sightings: number | null;
}

/** Which findings of a kind. */
export interface FindingQuery {
  /** Of these repositories alone; `null`: of all. */
  readonly repositories: readonly string[] | null;
  /** The one that they follow; `null`: the first. */
  readonly after: FindingPlace | null;
  readonly limit: number;
}

const tags = (condition: string, found: string, since: string): string =>
  `select one.repository, one.name, '' as part, one.digest, ${found} as found, ${since} as since,
     nullif(one.missing_sightings, 0) as sightings
   from ledger.tag as one
   where ${condition} and one.deleted_at is null and (one.repository, one.name) > ($1, $2) and $3::text is not null`;
const TAG_ORDER = "repository, name";

/** Each a range of one index. */
const KINDS: Readonly<Record<FindingKind, readonly [select: string, order: string]>> = {
  drifted: [tags("one.drift_digest is not null", "one.drift_digest", "one.drift_since"), TAG_ORDER],
  missing: [tags("one.missing_since is not null", "null", "one.missing_since"), TAG_ORDER],
  absent: [
    tags("one.missing_since is null and one.missing_sightings > 0", "null", "null::timestamptz"),
    TAG_ORDER,
  ],
  incomplete: [
    `select one.repository, one.digest as name, one.part, one.digest, null as found, one.since, null as sightings
     from ledger.missing_part as one where (one.repository, one.digest, one.part) > ($1, $2, $3)
       and not exists (select from ledger.manifest where manifest.repository = one.repository
         and manifest.digest = one.digest and manifest.deleted_at is not null)`,
    "repository, digest, part",
  ],
  adopted: [
    tags("one.origin = 'adopted' and one.digest is not null", "null", "one.pushed_at"),
    TAG_ORDER,
  ],
};

/**
 * @param db - pool
 * @param kind - which findings
 * @param query - which of them
 * @returns them by repository and name
 */
export async function readFindings(
  db: Queryable,
  kind: FindingKind,
  { repositories, after, limit }: FindingQuery,
): Promise<readonly FindingRow[]> {
  const [select, order] = KINDS[kind];
  const ordered = `order by ${order} limit $4`;
  const place = [after?.repository ?? "", after?.name ?? "", after?.part ?? "", limit];
  if (repositories === null) {
    const { rows } = await db.query<FindingRow>(`${select} ${ordered}`, place);
    return rows;
  }
  // Each looked for in the index by itself, however many others have findings.
  const { rows } = await db.query<FindingRow>(
    `select found.* from unnest($5::text[]) as wanted (repository)
       cross join lateral (${select} and one.repository = wanted.repository ${ordered}) as found
     ${ordered}`,
    [...place, repositories],
  );
  return rows;
}

/**
 * @param db - pool
 * @param numbers - of repositories
 * @returns their names
 */
export async function readNames(
  db: Queryable,
  numbers: readonly number[],
): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(`select total.name from ${byNumber("$1")}`, [
    numbers,
  ]);
  return rows.map(({ name }) => name);
}
