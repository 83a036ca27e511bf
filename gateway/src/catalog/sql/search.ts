import type { Queryable } from "#service-kit/db/pool.js";
import { byNumber, isShown, type Shown } from "./shown.js";

/** A repository as searches show it. */
export interface FoundRepository {
  readonly name: string;
  readonly pulls: number;
  readonly description: string;
  readonly official: boolean;
  readonly automated: boolean;
  readonly stars: number;
}

/** How well a name fits, the best first: it is the term, ends with it, has it as a part, a part begins so, it is somewhere. */
export const RANKS = [0, 1, 2, 3, 4] as const;
export type Rank = (typeof RANKS)[number];

const RANK = `case when total.name = $2 then 0
  when right('/' || total.name, length($2) + 1) = '/' || $2 then 1
  when strpos('/' || total.name || '/', '/' || $2 || '/') > 0 then 2
  when strpos('/' || total.name, '/' || $2) > 0 then 3
  when strpos(total.name, $2) > 0 then 4 end`;

/** What is looked for. */
export interface Looked {
  readonly term: string;
  /** `null`: whatever it is, best first. */
  readonly rank: Rank | null;
  readonly limit: number;
  /** Only these, by their numbers; `null`: all that are shown. */
  readonly among: readonly number[] | null;
}

/**
 * @param db - pool
 * @param shown - what the caller may know of
 * @param looked - what is looked for
 * @returns repositories with tags whose names have it, within a rank the most pulled first
 */
export async function readFound(
  db: Queryable,
  { bits, has }: Shown,
  { term, rank, limit, among }: Looked,
): Promise<readonly FoundRepository[]> {
  const values: unknown[] = [bits, term, limit];
  const given = (value: unknown): string => `$${values.push(value)}`;
  const from = among === null ? "ledger.repository_total as total" : byNumber(given(among));
  const fits = rank === null ? `${RANK} is not null` : `${RANK} = ${given(rank)}`;
  const order = `${rank === null ? "page.rank, " : ""}page.pulls desc, page.id desc`;
  const inside = `${rank === null ? `${RANK}, ` : ""}total.pulls desc, total.id desc`;
  const { rows } = await db.query<FoundRepository>(
    `select page.name, page.pulls::float8 as pulls, coalesce(said.description, '') as description,
            coalesce(said.official, false) as official, coalesce(said.automated, false) as automated,
            coalesce(said.stars, 0)::float8 as stars
     from (
       select total.id, total.name, total.pulls, ${RANK} as rank from ${from}
       where total.tags > 0 and ${fits} and ${isShown("total.id", "$1")}
       order by ${inside} limit $3
     ) as page left join ledger.repository as said on said.name = page.name
     order by ${order}`,
    values,
  );
  return rows.filter(({ name }) => has(name));
}
