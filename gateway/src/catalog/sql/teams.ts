import type { Queryable } from "#service-kit/db/pool.js";
import { byNumber, isShown, type Shown } from "./shown.js";

/** How much a team has, of what somebody may know of. */
export interface TeamRow {
  readonly team: string;
  readonly artifacts: number;
  readonly tags: number;
  /** Bytes of configurations and layers. */
  readonly size: number;
}

const SUMS = `total.team, count(*)::float8 as artifacts, sum(total.tags)::float8 as tags, sum(total.bytes)::float8 as size`;

/**
 * @param db - pool
 * @param shown - what the caller may know of
 * @param only - a team; `null`: all
 * @returns teams with tags, by name; a name of one component is no team's
 */
export async function readTeams(
  db: Queryable,
  { bits, few }: Shown,
  only: string | null,
): Promise<readonly TeamRow[]> {
  const values: unknown[] = few === null ? [bits] : [few];
  const from = few === null ? "ledger.repository_total as total" : byNumber("$1");
  const conditions = [
    only === null ? "total.team > ''" : `total.team = $${values.push(only)}`,
    ...(few === null ? [isShown("total.id", "$1")] : []),
  ];
  const { rows } = await db.query<TeamRow>(
    `select ${SUMS} from ${from}
     where total.tags > 0 and ${conditions.join(" and ")} group by total.team order by total.team`,
    values,
  );
  return rows;
}

/**
 * @param db - pool
 * @param shown - what the caller may know of
 * @param team - a team
 * @returns names of its repositories with tags, in the order of the catalog
 */
export async function readNamesOfTeam(
  db: Queryable,
  { bits, has }: Shown,
  team: string,
): Promise<readonly string[]> {
  const { rows } = await db.query<{ name: string }>(
    `select name from ledger.repository_total
     where team = $2 and tags > 0 and ${isShown("id", "$1")} order by replace(name, '/', chr(1))`,
    [bits, team],
  );
  return rows.map(({ name }) => name).filter((name) => has(name));
}

/**
 * @param db - pool
 * @param shown - what the caller may know of
 * @returns bytes of all images that the caller may pull
 */
export async function readBytes(db: Queryable, { bits, few }: Shown): Promise<number> {
  const { rows } = await db.query<{ bytes: number }>(
    few === null
      ? `select coalesce(sum(bytes), 0)::float8 as bytes from ledger.repository_total
         where team >= '' and ${isShown("id", "$1")}`
      : `select coalesce(sum(bytes), 0)::float8 as bytes from ${byNumber("$1")}`,
    [few ?? bits],
  );
  return rows[0]?.bytes ?? 0;
}
