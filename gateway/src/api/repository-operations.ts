import type { RecordAudit } from "#audit-log/record-audit.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import * as operations from "#rest-api/operations/repositories.js";
import type { Catalog } from "../catalog/catalog.js";
import {
  describeRepository,
  flagRepository,
  listRepositories,
  oneRepository,
} from "../catalog/repositories.js";
import { search } from "../catalog/search.js";
import { hasStar, starRepository } from "../catalog/stars.js";
import { teamInView, teamsInView } from "../catalog/teams.js";
import { implement, type Implementation } from "./implement.js";

/** What the operations about repositories need. */
export interface RepositoryOperationsDeps {
  readonly catalog: Catalog;
  readonly audit: RecordAudit;
}

/**
 * @param deps - lists, and the audit log
 * @returns the operations about what there is
 */
export function repositoryOperations({
  catalog,
  audit,
}: RepositoryOperationsDeps): readonly Implementation[] {
  const { db } = catalog;
  return [
    implement(operations.listRepositories, async ({ query, page, view }) => {
      const { sort, team, text } = query;
      const after = page.after === null ? {} : { after: page.after };
      const narrowed = {
        ...(team === undefined ? {} : { team }),
        ...(text === undefined ? {} : { text }),
      };
      const asked = { sort, limit: page.limit, ...narrowed, ...after };
      const { items, next } = await listRepositories(catalog, view, asked);
      return { page: { items: items.map(withoutNumber), next } };
    }),
    implement(operations.summarizeRepository, async ({ path, view, actor }) => {
      const shown = withoutNumber(await oneRepository(catalog, view, path.repository));
      return { body: { ...shown, hasOwnStar: await hasStar(db, path.repository, actor) } };
    }),
    implement(operations.describeRepository, async ({ path, body, actor }) => {
      const { repository } = path;
      await describeRepository({ db, audit }, { repository, ...body }, actor);
      // Whoever may push there may see it.
      return { body: await itself(catalog, repository) };
    }),
    implement(operations.flagRepository, async ({ path, body, actor }) => {
      const { repository } = path;
      await flagRepository({ db, audit }, { repository, ...body }, actor);
      return { body: await itself(catalog, repository) };
    }),
    implement(operations.searchRepositories, async ({ query, page, view }) => {
      const number = page.after?.page ?? 1;
      const asked = { term: query.q, page: number, size: page.limit };
      const { found, total } = await search(catalog, view, asked);
      const next = number * page.limit < total ? { page: number + 1 } : null;
      return { page: { items: found, next } };
    }),
    ...starOperations(catalog),
    ...teamOperations(catalog),
  ];
}

function starOperations(catalog: Catalog): readonly Implementation[] {
  const { starRepository: star, unstarRepository: unstar } = operations;
  return [star, unstar].map((operation) =>
    implement(operation, async ({ path, actor }) => {
      const { repository } = path;
      await starRepository(catalog.db, { repository, isGiven: operation === star }, actor);
      return { body: { ...(await itself(catalog, repository)), hasOwnStar: operation === star } };
    }),
  );
}

function teamOperations(catalog: Catalog): readonly Implementation[] {
  return [
    implement(operations.listTeams, async ({ view }) => ({
      body: { items: await teamsInView(catalog, view) },
    })),
    implement(operations.describeTeam, async ({ path, view }) => ({
      body: await teamInView(catalog, view, path.team),
    })),
    implement(operations.countAll, async ({ view }) => {
      const teams = await teamsInView(catalog, view);
      const sum = (figure: "artifacts" | "tags" | "size") =>
        teams.reduce((all, team) => all + team[figure], 0);
      return {
        body: {
          ...{ teams: teams.length, artifacts: sum("artifacts") },
          ...{ tags: sum("tags"), size: sum("size") },
        },
      };
    }),
  ];
}

/** To whoever has a right to it by something else than a view. */
async function itself(catalog: Catalog, repository: RepositoryName) {
  const own = { rules: [`+${repository}`], values: {}, limits: null };
  return withoutNumber(await oneRepository(catalog, own, repository));
}

function withoutNumber<T extends { readonly id: number }>({ id: _, ...shown }: T): Omit<T, "id"> {
  return shown;
}
