import { z } from "zod";
import { RULE_KINDS } from "#access-policy/rule.js";
import { operation } from "../operation.js";
import { ipAddress, NO_PARAMETERS, repository, tag, time } from "../parameters.js";
import { ruleShown } from "./who-can.js";

const list = z
  .string()
  .max(2_000)
  .transform((said) => said.split(",").filter((one) => one !== ""));
const form = z
  .enum(["json", "csv"])
  .default("json")
  .meta({ description: "`csv`: tables for a spreadsheet, in which it finds no formula." });

const common = {
  ...({ by: "gateway", method: "GET", who: "administrator", group: "Operations" } as const),
  parameters: NO_PARAMETERS,
};

/** What every answer says besides. */
const notes = z.array(z.string()).meta({ description: "What cannot be known, above all." });

function answering(schema: z.ZodType) {
  return { 200: { description: "The answer.", schema, streams: ["text/csv"] } };
}

const pulls = z.object({
  ...{ repository: z.string(), tag: z.string().nullable(), digest: z.string(), uid: z.string() },
  ...{ realm: z.string(), kind: z.string(), address: z.string(), count: z.number() },
  ...{ firstAt: z.string(), lastAt: z.string() },
});

export const whoPulled = operation({
  ...common,
  id: "audit.who-pulled",
  path: "/audit/who-pulled",
  summary: "Who pulled an image, from where and when",
  description:
    "Of a tag all that it meant, of an image the indexes that it is in, too: whoever pulls an index has what is in it.",
  query: z.strictObject({
    image: z.string().max(600).meta({
      description: "`repository@digest`, `digest` or `repository:tag`.",
      example: "alpha/app:1.0",
    }),
    from: time.optional().meta({ description: "Pulls of then or later." }),
    to: time.optional().meta({ description: "Pulls of before then." }),
    format: form,
  }),
  answers: answering(
    z
      .object({
        digests: z.array(z.string()).meta({ description: "What was looked for." }),
        pulls: z.array(pulls),
        hasMore: z.boolean(),
        leftOut: z.array(
          z.object({ repository: z.string(), records: z.number(), pulls: z.number() }),
        ),
        notes,
      })
      .meta({ id: "WhoPulled" }),
  ),
});

const file = z
  .object({ since: z.string(), path: z.string(), sha256: z.string() })
  .nullable()
  .meta({ description: "`null`: none is on record." });
const members = z.record(z.string(), z.array(z.string()));

export const whoCould = operation({
  ...common,
  id: "audit.who-could",
  path: "/audit/who-could",
  summary: "Who could pull, push or delete at a moment, and by which rule of then",
  description:
    "By the rules, the rules for tags, the logins and the settings that were in force then. With `uid` also whether somebody could: their teams are those that are said, or that the logins file of then names them in.",
  query: z.strictObject({
    action: z.enum(["pull", "push", "delete"]),
    repository,
    tag: tag.optional(),
    at: time.optional().meta({ description: "When; absent: now." }),
    uid: z.string().min(1).max(255).optional().meta({ description: "Somebody.", example: "bob" }),
    realm: z.string().max(255).default("/employees"),
    kind: z.enum(RULE_KINDS).default("oauth2"),
    team: list.optional().meta({ description: "Teams that they were in, with commas between." }),
    scope: list.optional().meta({ description: "Scopes of their token, with commas between." }),
    address: ipAddress.optional().meta({ description: "From where." }),
    format: form,
  }),
  answers: answering(
    z
      .object({
        ...{ action: z.string(), repository: z.string(), at: z.string() },
        ...{ policy: file, tagPolicy: file, logins: file },
        never: z.array(z.string()),
        rules: z.array(ruleShown),
        teams: members,
        settings: z.record(z.string(), z.record(z.string(), z.string())),
        tagRule: z
          .object({ name: z.string(), mutability: z.string(), deletable: z.boolean() })
          .nullable(),
        decision: z
          .object({
            allow: z.union([z.boolean(), z.literal("teams-needed")]),
            reason: z.string(),
            trace: z.array(
              z.object({
                rule: z.string(),
                effect: z.string(),
                outcome: z.string(),
                because: z.string(),
              }),
            ),
          })
          .nullable(),
        notes,
      })
      .meta({ id: "WhoCould" }),
  ),
});

const change = z.object({
  ...{ at: z.string(), action: z.string(), subject: z.string() },
  by: z.string().meta({ description: "`file` where that is as far as it is known." }),
  what: z.array(z.string()).meta({ description: "What is otherwise now, a sentence each." }),
});

export const listChanges = operation({
  ...common,
  id: "audit.changes",
  path: "/audit/changes",
  summary: "What changed who may do what, the first first",
  description: "Rules with their difference, logins, settings, robots, keys and modes.",
  query: z.strictObject({
    from: time.optional().meta({ description: "Absent: 30 days before `to`." }),
    to: time.optional().meta({ description: "Absent: now." }),
    format: form,
  }),
  answers: answering(
    z
      .object({
        ...{ from: z.string(), to: z.string(), changes: z.array(change), hasMore: z.boolean() },
        notes,
      })
      .meta({ id: "AuditChanges" }),
  ),
});

const seen = {
  ...{ uid: z.string(), realm: z.string(), kind: z.string() },
  ...{ firstAt: z.string(), lastAt: z.string() },
};
const counted = z.array(
  z.object({ kind: z.string(), count: z.number(), firstAt: z.string(), lastAt: z.string() }),
);
const whenever = z.string().nullable();

export const reportQuarter = operation({
  ...common,
  id: "audit.report",
  path: "/audit/report",
  summary: "A quarter in figures: logins, robots, administrators, refusals, drift, checkpoints",
  description:
    "The chain is not verified for it: `npm run audit -- report` says what that says, too.",
  query: z.strictObject({
    quarter: z
      .string()
      .regex(/^\d{4}Q[1-4]$/, "wanted a quarter as in 2026Q4")
      .meta({ example: "2026Q4" }),
    format: form,
  }),
  answers: answering(
    z
      .object({
        ...{ quarter: z.string(), from: z.string(), to: z.string(), entries: z.number() },
        logins: z.array(z.object({ ...seen, entries: z.number(), pulls: z.number() })),
        robots: z.array(
          z.object({
            ...{ login: z.string(), team: z.string(), createdAt: whenever, createdBy: whenever },
            ...{ rotatedAt: whenever, expiresAt: whenever, disabledAt: whenever },
            ...{ ageDays: z.number().nullable(), lastUsedAt: whenever },
          }),
        ),
        administrators: members,
        changes: z.number(),
        ...{ actions: counted, refusals: counted, failedLogins: counted, drift: counted },
        checkpoints: z.object({
          count: z.number(),
          ...{ first: z.number().nullable(), last: z.number().nullable() },
          ...{ firstAt: whenever, lastAt: whenever, mostEntries: z.number().nullable() },
        }),
        verified: z.array(z.string()).nullable(),
        notes,
      })
      .meta({ id: "QuarterReport" }),
  ),
});
