import { z } from "zod";
import { operation } from "../operation.js";
import { ipAddress, NO_PARAMETERS } from "../parameters.js";

const action = z.enum(["pull", "push", "delete", "catalog", "*"]).meta({
  description: "What would be done; `*`: all of it.",
});
const repository = z
  .string()
  .max(255)
  .default("")
  .meta({ description: "Where; of no meaning for `catalog`.", example: "alpha/app" });
/** Of a file of rules. */
const MOST_POLICY_BYTES = 256 * 1024;
const words = z.array(z.string().max(255)).max(100).default([]);

const somebody = z
  .strictObject({
    action,
    repository,
    address: ipAddress
      .nullable()
      .default(null)
      .meta({ description: "From where; `null`: from nowhere that a rule knows." }),
    policy: z.string().max(MOST_POLICY_BYTES).nullable().default(null).meta({
      description:
        "Text of another file of rules (`POLICY_FILE`), which decides in the place of those in force.",
    }),
    identity: z.strictObject({
      uid: z
        .string()
        .max(255)
        .default("")
        .meta({ description: "Of a robot, its login; nobody in particular has none." }),
      realm: z.string().max(255).default("/employees"),
      kind: z
        .enum(["oauth2", "oidc", "machine", "robot", "service", "htpasswd", "ldap", "anonymous"])
        .default("oauth2"),
      scopes: words,
      teams: words,
      claims: z.record(z.string().max(100), z.union([z.string().max(1000), words])).default({}),
    }),
  })
  .meta({ id: "ExplainRequest" });

const rule = z.object({
  id: z.string(),
  at: z.string().nullable().meta({ description: "Where it stands, `file:line`." }),
});

const explanation = z
  .object({
    subject: z.record(z.string(), z.unknown()).meta({ description: "Whom it is about." }),
    allow: z.boolean(),
    reason: z.string(),
    action: z.string().optional().meta({ description: "The part of it that decides." }),
    unmappedGroups: z
      .array(z.string())
      .optional()
      .meta({ description: "Groups of theirs that became no team." }),
    rule: rule
      .nullable()
      .optional()
      .meta({ description: "The rule that decides; for administrators." }),
    trace: z
      .array(
        z.object({
          rule,
          effect: z.enum(["allow", "deny"]),
          outcome: z.enum(["matched", "not-matched", "teams-needed"]),
          because: z.string(),
        }),
      )
      .optional()
      .meta({ description: "The rules that were looked at, in their order; for administrators." }),
    omitted: z.number().optional(),
    notReached: z.number().optional(),
  })
  .meta({ id: "Explanation" });

const common = {
  ...({ by: "token-server", group: "Access" } as const),
  path: "/explain",
  parameters: NO_PARAMETERS,
  answers: { 200: { description: "Whether, and why.", schema: explanation } },
};

export const explainOwn = operation({
  ...common,
  id: "access.explain",
  method: "GET",
  who: "login",
  summary: "Whether one may do something, and why",
  description:
    "Where reading is open to everybody, nobody in particular may ask, too. Administrators are also told which rule says so.",
  query: z.object({ action, repository }),
});

export const explainOthers = operation({
  ...common,
  id: "access.explain-for",
  method: "POST",
  who: "administrator",
  summary: "Whether somebody may do something, and why",
  query: NO_PARAMETERS,
  body: somebody,
  bodyBytes: 2 * MOST_POLICY_BYTES,
});
