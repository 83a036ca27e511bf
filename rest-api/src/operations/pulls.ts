import { z } from "zod";
import { operation } from "../operation.js";
import { cursor, digest, limit, repository, tag, time } from "../parameters.js";
import { puller, pullTotal } from "./schemas.js";

const common = {
  by: "gateway",
  group: "Pulls",
  method: "GET",
  parameters: z.object({ repository }),
  query: z.strictObject({
    tag: tag.optional(),
    digest: digest.optional(),
    since: time.optional(),
    limit: limit(),
    cursor,
  }),
} as const;

export const countPulls = operation({
  ...common,
  id: "repositories.describe",
  path: "/repositories/{repository}",
  who: "pull",
  summary: "How often a repository was pulled",
  description: "With `tag`, `digest` or both: how often that was.",
  answers: { 200: { description: "The counts.", schema: pullTotal } },
});

export const listPulls = operation({
  ...common,
  id: "pulls.list",
  path: "/repositories/{repository}/pulls",
  who: "push",
  summary: "Who pulled from a repository, and from where",
  description:
    "The latest first, as long as it is on record (`PULL_RECORD_DAYS`). Who did not log in is counted by network.",
  answers: {
    200: {
      description: "The counts, and who pulled.",
      schema: pullTotal
        .extend({
          pulledBy: z.array(puller),
          leftOut: z.object({ records: z.number(), pulls: z.number() }).meta({
            description: "What there was no room for: its counts are in the totals alone.",
          }),
          next: z.string().nullable(),
        })
        .meta({ id: "Pulls" }),
    },
  },
});

const MOST_DAYS = 366;

export const countPullsByDay = operation({
  ...common,
  id: "pulls.days",
  path: "/repositories/{repository}/pull-days",
  who: "pull",
  summary: "How often a repository was pulled, day by day",
  description:
    "With `tag`, `digest` or both: how often that was. Days are those of UTC on which pulls were written down, the last one is today; as long as they are on record (`PULL_RECORD_DAYS`).",
  query: z.strictObject({
    ...{ tag: tag.optional(), digest: digest.optional() },
    days: limit(MOST_DAYS, 30).meta({ description: "How many days, with today." }),
  }),
  answers: {
    200: {
      description: "The counts.",
      schema: z
        .object({
          repository: z.string(),
          ...{ tag: z.string().optional(), digest: z.string().optional() },
          days: z
            .array(z.object({ day: z.iso.date(), pulls: z.number() }))
            .meta({ description: "The first one first, those without a pull, too." }),
        })
        .meta({ id: "PullDays" }),
    },
  },
});
