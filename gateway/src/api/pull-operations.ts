import { Fault } from "#registry-protocol/faults.js";
import { readCursor, writeCursor, type CursorSealer } from "#rest-api/cursor.js";
import { countPulls, countPullsByDay, listPulls } from "#rest-api/operations/pulls.js";
import type { Queryable } from "#service-kit/db/pool.js";
import type { PullQuery } from "../pulls/pull-query.js";
import { readPullDays } from "../pulls/sql/read-days.js";
import { readLeftOut, readPulls, readPullTotal, type PullTotal } from "../pulls/sql/read-pulls.js";
import { implement, type Asked, type Implementation } from "./implement.js";
import { pullPosition } from "./pull-cursor.js";

/**
 * How often a repository was pulled, for whoever may pull it, and by whom and from where, for whoever may push it
 * (docs/pulls.md). Whoever may not is refused by the token alone, so that nobody learns whether a repository is there.
 *
 * @param db - where pulls are on record
 * @param sealer - seals where pages end
 * @returns the operations about them
 */
export function pullOperations(db: Queryable, sealer: CursorSealer): readonly Implementation[] {
  return [
    implement(countPulls, async (asked) => {
      const query = queryOf(asked, sealer);
      return { body: shown(query, await totalOf(db, query)) };
    }),
    implement(countPullsByDay, async ({ path: { repository }, query }) => {
      const { tag = null, digest = null, days } = query;
      const of = { repository, tag, digest };
      // Whether there is such a thing, as in its totals.
      await totalOf(db, of);
      return { body: { ...named(of), days: await readPullDays(db, of, days) } };
    }),
    implement(listPulls, async (asked) => {
      const query = queryOf(asked, sealer);
      const total = await totalOf(db, query);
      const pulls = await readPulls(db, query);
      const leftOut = await readLeftOut(db, query.repository);
      const last = pulls.length === query.limit ? pulls.at(-1) : undefined;
      return {
        body: {
          ...shown(query, total),
          pulledBy: pulls.map(({ cursor: _cursor, ...pull }) => pull),
          leftOut,
          next: last === undefined ? null : writeCursor(sealer, listOf(query), last.cursor),
        },
      };
    }),
  ];
}

function queryOf(
  { path, query }: Pick<Asked<typeof countPulls>, "path" | "query">,
  sealer: CursorSealer,
): PullQuery {
  const { tag = null, digest = null, since = null, limit, cursor } = query;
  const of = { repository: path.repository, tag, digest, since };
  const after = cursor === undefined ? null : readCursor(sealer, listOf(of), cursor, pullPosition);
  return { ...of, limit, cursor: after };
}

function listOf({
  repository,
  tag,
  digest,
  since,
}: Pick<PullQuery, "repository" | "tag" | "digest" | "since">): string {
  return JSON.stringify(["pulls.list", repository, tag, digest, since]);
}

type Target = Pick<PullQuery, "repository" | "tag" | "digest">;

async function totalOf(db: Queryable, query: Target): Promise<PullTotal> {
  const total = await readPullTotal(db, query);
  if (total === null) throw new Fault("NOT_FOUND", { message: nothingOf(query) });
  return total;
}

function shown(query: Target, total: PullTotal) {
  return { ...named(query), ...total };
}

function named({ repository, tag, digest }: Target) {
  return {
    repository,
    ...(tag === null ? {} : { tag }),
    ...(digest === null ? {} : { digest }),
  };
}

function nothingOf({ tag, digest }: Target): string {
  if (digest !== null)
    return tag === null ? "there is no such manifest" : "there is no such tag or manifest";
  return tag === null ? "there is no such repository" : "there is no such tag";
}
