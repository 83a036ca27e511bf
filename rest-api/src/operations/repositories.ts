import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS, paged, pageOf, repository, team } from "../parameters.js";
import { atOrNull } from "./schemas.js";

const MOST_DESCRIBED = 4_000;
const MOST_FOUND = 1_000;
const common = { by: "gateway", group: "Repositories", method: "GET", who: "view" } as const;

const flags = {
  official: z.boolean().meta({ description: "`is_official` of `docker search`." }),
  automated: z.boolean().meta({ description: "`is_automated` of `docker search`." }),
};
const stars = z.number().meta({
  description: "How many people have given it one: `star_count` of `docker search`.",
});

const repositoryShown = z
  .object({
    name: z.string(),
    team: z.string().nullable().meta({ description: "The first part of the name." }),
    tags: z.number(),
    size: z.number().meta({
      description: "Bytes of configurations and layers, each manifest's by itself.",
    }),
    pulls: z.number(),
    pushedAt: atOrNull,
    pulledAt: atOrNull,
    description: z.string(),
    describedBy: z.string().nullable(),
    describedAt: atOrNull,
    ...flags,
    stars,
    hasOwnStar: z.boolean().optional().meta({
      description: "Whether one of them is one's own; of a repository that is asked for by itself.",
    }),
  })
  .meta({ id: "Repository" });

const teamShown = z
  .object({
    team: z.string(),
    artifacts: z.number(),
    tags: z.number(),
    size: z.number(),
  })
  .meta({ id: "Team" });

const text = z.string().max(255);

export const listRepositories = operation({
  ...common,
  id: "repositories.list",
  path: "/repositories",
  summary: "The repositories that one may pull",
  description: "By name, or what was pushed or pulled last, is pulled most or is largest first.",
  parameters: NO_PARAMETERS,
  query: paged({
    sort: z.enum(["name", "pushed", "pulled", "pulls", "size"]).default("name"),
    team: team.optional(),
    text: text.optional().meta({ description: "What is in their names." }),
  }),
  position: z.object({ key: z.string(), id: z.number().int().min(0) }),
  answers: { 200: { description: "A page of them.", schema: pageOf(repositoryShown) } },
});

export const summarizeRepository = operation({
  ...common,
  id: "repositories.summary",
  path: "/repositories/{repository}/summary",
  summary: "A repository in figures, and what is said of it",
  parameters: z.object({ repository }),
  query: NO_PARAMETERS,
  answers: { 200: { description: "The repository.", schema: repositoryShown } },
});

export const describeRepository = operation({
  ...common,
  id: "repositories.set-description",
  method: "PUT",
  who: "push",
  path: "/repositories/{repository}/description",
  summary: "Says what a repository is",
  parameters: z.object({ repository }),
  query: NO_PARAMETERS,
  body: z
    .strictObject({ description: z.string().max(MOST_DESCRIBED).meta({ example: "Our app" }) })
    .meta({ id: "Description" }),
  answers: { 200: { description: "The repository.", schema: repositoryShown } },
});

export const flagRepository = operation({
  ...common,
  id: "repositories.set-flags",
  method: "PUT",
  who: "administrator",
  path: "/repositories/{repository}/flags",
  summary: "Says whether a repository is official, and made automatically",
  parameters: z.object({ repository }),
  query: NO_PARAMETERS,
  body: z.strictObject(flags).meta({ id: "RepositoryFlags" }),
  answers: { 200: { description: "The repository.", schema: repositoryShown } },
});

const ofStars = {
  ...common,
  who: "pull",
  path: "/repositories/{repository}/star",
  parameters: z.object({ repository }),
  query: NO_PARAMETERS,
  answers: { 200: { description: "The repository.", schema: repositoryShown } },
} as const;

export const starRepository = operation({
  ...ofStars,
  id: "repositories.star",
  method: "PUT",
  summary: "Gives a repository one's star",
  description: "One for each who logs in; robots, services and machines have none to give.",
});

export const unstarRepository = operation({
  ...ofStars,
  id: "repositories.unstar",
  method: "DELETE",
  summary: "Takes one's star back",
});

export const searchRepositories = operation({
  ...common,
  id: "repositories.search",
  path: "/search",
  summary: "Finds repositories by a part of their names",
  description: `Those that fit best first, and within that those that are pulled most; the first ${MOST_FOUND}.`,
  parameters: NO_PARAMETERS,
  query: paged({ q: text.default("").meta({ description: "What is looked for." }) }, 100),
  position: z.object({ page: z.number().int().min(1).max(MOST_FOUND) }),
  answers: {
    200: {
      description: "A page of what was found.",
      schema: pageOf(
        z.object({
          ...{ name: z.string(), pulls: z.number(), description: z.string() },
          ...flags,
          stars,
        }),
      ),
    },
  },
});

export const listTeams = operation({
  ...common,
  id: "teams.list",
  path: "/teams",
  summary: "The teams that have tags, and how much",
  description: "Of what one may pull; all teams at once, by name.",
  parameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  answers: {
    200: { description: "All of them.", schema: z.object({ items: z.array(teamShown) }) },
  },
});

export const describeTeam = operation({
  ...common,
  id: "teams.describe",
  path: "/teams/{team}",
  summary: "How much a team has",
  parameters: z.object({ team }),
  query: NO_PARAMETERS,
  answers: { 200: { description: "The team.", schema: teamShown } },
});

export const countAll = operation({
  ...common,
  id: "repositories.stats",
  path: "/stats",
  summary: "How much there is, of what one may pull",
  parameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  answers: {
    200: {
      description: "The figures.",
      schema: z
        .object({ teams: z.number(), artifacts: z.number(), tags: z.number(), size: z.number() })
        .meta({ id: "Stats" }),
    },
  },
});
