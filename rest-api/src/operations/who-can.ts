import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS, repository } from "../parameters.js";

const texts = z.array(z.string()).optional();

const conditions = z.object({
  ...{ kinds: texts, realms: texts, uids: texts, teams: texts },
  scopes: z.object({ anyOf: texts, allOf: texts }).optional(),
  addresses: texts,
  registry: z
    .object({
      restricted: z.boolean().optional(),
      published: z.literal(true).optional(),
      responsible: z.literal(true).optional(),
    })
    .optional()
    .meta({ description: "How the registry has to be, and what it has to be to one's teams." }),
  privileges: z.object({ anyOf: texts, allOf: texts }).optional(),
  apps: z.object({ responsible: texts, published: texts }).optional(),
  service: z.object({ app: z.array(z.string()) }).optional(),
  claims: z.record(z.string(), z.array(z.string())).optional(),
  withheld: texts.meta({
    description:
      "Conditions whose values are for those who manage the team's robots, and for administrators.",
  }),
});

export const ruleShown = z
  .object({
    rule: z.string().meta({ description: "Its id." }),
    at: z
      .string()
      .nullable()
      .optional()
      .meta({ description: "Where it stands, `file:line`; for administrators." }),
    effect: z.enum(["allow", "deny"]),
    who: z.union([z.enum(["anyone", "logged-in"]), conditions]),
    unless: conditions.nullable().meta({ description: "Whom it is not about." }),
    where: z
      .array(
        z.object({
          pattern: z.string().optional().meta({ description: "For administrators." }),
          values: z.record(z.string(), z.string().nullable()).meta({
            description:
              'What templates have to stand for: `{"team": "alpha"}` is whoever is in team alpha. `null`: anything that fits.',
          }),
        }),
      )
      .meta({ description: "One of these has to hold besides; without values it does." }),
  })
  .meta({ id: "RuleAbout" });

const whoCanShown = z
  .object({
    repository: z.string(),
    actions: z.array(
      z.object({
        action: z.enum(["pull", "push", "delete"]),
        never: z
          .array(z.string())
          .meta({ description: "Kinds of login that may not, whatever the rules say." }),
        rules: z.array(ruleShown).meta({
          description:
            "In their order: the first that somebody fits counts; whom none fits is refused.",
        }),
      }),
    ),
  })
  .meta({ id: "WhoCan" });

export const whoCan = operation({
  ...({ by: "token-server", group: "Access", method: "GET", who: "login" } as const),
  id: "access.who-can",
  path: "/who-can",
  summary: "Who may pull, push and delete in a repository, and by which rule",
  description:
    "For whoever may pull from it. Rules go by names, so it is told of a repository that is not there yet, too. A robot, or another login with limits, may of that what it was granted.",
  parameters: NO_PARAMETERS,
  query: z.object({ repository }),
  answers: { 200: { description: "The rules that can decide it.", schema: whoCanShown } },
});
