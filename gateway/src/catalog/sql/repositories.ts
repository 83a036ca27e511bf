import type { Queryable } from "#service-kit/db/pool.js";
import { byNumber, instant, isShown, type Shown } from "./shown.js";

/** By what repositories can be sorted: names forward, all else backward, so that the newest and largest are first. */
export const REPOSITORY_ORDERS = {
  name: { key: "replace(total.name, '/', chr(1))", type: "text", compare: ">", direction: "asc" },
  pushed: { key: "total.pushed_at", type: "timestamptz", compare: "<", direction: "desc" },
  pulled: { key: "total.pulled_at", type: "timestamptz", compare: "<", direction: "desc" },
  pulls: { key: "total.pulls", type: "bigint", compare: "<", direction: "desc" },
  size: { key: "total.bytes", type: "bigint", compare: "<", direction: "desc" },
} as const;
export type RepositoryOrder = keyof typeof REPOSITORY_ORDERS;

/** A repository as lists show it. */
export interface RepositoryRow {
  readonly id: number;
  readonly name: string;
  /** First component of its name; `null`: it has no other. */
  readonly team: string | null;
  readonly tags: number;
  /** Bytes of configurations and layers, each manifest's by itself. */
  readonly size: number;
  readonly pulls: number;
  readonly pushedAt: Date | null;
  readonly pulledAt: Date | null;
  readonly description: string;
  readonly describedBy: string | null;
  readonly describedAt: Date | null;
  readonly official: boolean;
  readonly automated: boolean;
  readonly stars: number;
}

/** Where a page ends. */
export interface RepositoryPlace {
  readonly key: string;
  readonly id: number;
}

/** Which repositories are asked for. */
export interface RepositoryQuery {
  readonly sort: RepositoryOrder;
  readonly team: string | null;
  /** What is in their names; `""`: anything. */
  readonly text: string;
  readonly after: RepositoryPlace | null;
  readonly limit: number;
  /** Only these, by their numbers; `null`: all that are shown. */
  readonly among: readonly number[] | null;
}

const COLUMNS = `total.id::float8 as id, total.name, nullif(total.team, '') as team, total.tags::float8 as tags,
  total.bytes::float8 as size, total.pulls::float8 as pulls,
  nullif(total.pushed_at, '-infinity') as "pushedAt", nullif(total.pulled_at, '-infinity') as "pulledAt",
  coalesce(said.description, '') as description, said.described_by as "describedBy",
  said.described_at as "describedAt",
  coalesce(said.official, false) as official, coalesce(said.automated, false) as automated,
  coalesce(said.stars, 0)::float8 as stars`;

/**
 * @param db - pool
 * @param shown - what the caller may know of
 * @param query - which of it
 * @returns the repositories in their order, each with its place
 */
export async function readRepositories(
  db: Queryable,
  { bits, has }: Shown,
  { sort, team, text, after, limit, among }: RepositoryQuery,
): Promise<readonly (RepositoryRow & { readonly key: string })[]> {
  const { key, type, compare, direction } = REPOSITORY_ORDERS[sort];
  const values: unknown[] = [bits, limit];
  const place = type === "timestamptz" ? instant(key) : `(${key})::text`;
  const given = (value: unknown): string => `$${values.push(value)}`;
  const from = among === null ? "ledger.repository_total as total" : byNumber(given(among));
  const conditions = [
    isShown("total.id", "$1"),
    ...(team === null ? [] : [`total.team = ${given(team)}`]),
    ...(text === "" ? [] : [`strpos(total.name, ${given(text)}) > 0`]),
    ...(after === null
      ? []
      : [
          `(${key}, total.id) ${compare} (${given(after.key)}::${type}, ${given(after.id)}::bigint)`,
        ]),
  ];
  const { rows } = await db.query<RepositoryRow & { key: string }>(
    `select ${COLUMNS}, page.key from (
       select total.*, ${place} as key from ${from} where ${conditions.join(" and ")}
       order by ${key} ${direction}, total.id ${direction} limit $2
     ) as page join lateral (select page.*) as total on true
       left join ledger.repository as said on said.name = total.name
     order by ${key} ${direction}, total.id ${direction}`,
    values,
  );
  return rows.filter(({ name }) => has(name));
}

/**
 * @param db - pool
 * @param name - a repository
 * @returns it, or `null` when nothing was ever pushed to it
 */
export async function readRepository(db: Queryable, name: string): Promise<RepositoryRow | null> {
  const { rows } = await db.query<RepositoryRow>(
    `select ${COLUMNS} from ledger.repository_total as total
       left join ledger.repository as said on said.name = total.name
     where total.name = $1`,
    [name],
  );
  return rows[0] ?? null;
}

/** What names are looked for. */
export interface NamesWith {
  /** Part of them. */
  readonly term: string;
  /** What the index has of each of them. */
  readonly grams: readonly string[];
  /** As many at most. */
  readonly most: number;
}

/**
 * @param db - pool
 * @param shown - what the caller may know of
 * @param names - which of them
 * @returns numbers of repositories with such names
 */
export async function readWithGrams(
  db: Queryable,
  { bits }: Shown,
  { term, grams, most }: NamesWith,
): Promise<readonly number[]> {
  const { rows } = await db.query<{ ids: number[] }>(
    "select array(select ledger.with_grams($1, $2, $3, $4)::float8) as ids",
    [grams, term, bits, most],
  );
  return rows[0]?.ids ?? [];
}

/**
 * @param db - pool
 * @param shown - what the caller may know of
 * @param team - a team
 * @param most - as many at most
 * @returns numbers of its repositories
 */
export async function readOfTeam(
  db: Queryable,
  { bits }: Shown,
  team: string,
  most: number,
): Promise<readonly number[]> {
  const { rows } = await db.query<{ id: number }>(
    `select total.id::float8 as id from ledger.repository_total as total
     where team = $2 and ${isShown("total.id", "$1")} order by total.id limit $3`,
    [bits, team, most],
  );
  return rows.map(({ id }) => id);
}

/**
 * @param tx - transaction that also writes the audit entry
 * @param said - which repository, what it is, and who says so
 * @returns what was said before; `null` when there is no such repository
 */
export async function describe(
  tx: Queryable,
  said: { readonly repository: string; readonly description: string; readonly by: string },
): Promise<string | null> {
  const { rows } = await tx.query<{ before: string }>(
    `with before as (select name, description from ledger.repository where name = $1 for update)
     update ledger.repository as described
     set description = $2, described_by = $3, described_at = clock_timestamp()
     from before where described.name = before.name returning before.description as before`,
    [said.repository, said.description, said.by],
  );
  return rows[0]?.before ?? null;
}

/** What administrators say of a repository. */
export interface RepositoryFlags {
  readonly official: boolean;
  readonly automated: boolean;
}

/**
 * @param tx - transaction that also writes the audit entry
 * @param repository - which one
 * @param flags - what is said of it
 * @returns what was said before; `null` when there is no such repository
 */
export async function setFlags(
  tx: Queryable,
  repository: string,
  { official, automated }: RepositoryFlags,
): Promise<RepositoryFlags | null> {
  const { rows } = await tx.query<RepositoryFlags>(
    `with before as (
       select name, official, automated from ledger.repository where name = $1 for update
     )
     update ledger.repository as flagged set official = $2, automated = $3
     from before where flagged.name = before.name
     returning before.official, before.automated`,
    [repository, official, automated],
  );
  return rows[0] ?? null;
}
