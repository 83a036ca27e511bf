import { z } from "zod";
import { operation } from "../operation.js";
import { NO_PARAMETERS, time } from "../parameters.js";

/** Most bytes of a request with a file in it. */
const MOST_BYTES = 256 * 1024;
const MOST_DECISIONS = 1_000;

const candidate = z
  .strictObject({
    policy: z
      .string()
      .max(MOST_BYTES)
      .meta({ description: "The file's text, YAML.", example: "rules: []\n" }),
    last: z
      .number()
      .int()
      .min(1)
      .max(MOST_DECISIONS)
      .default(200)
      .meta({ description: "How many decisions, the newest." }),
  })
  .meta({ id: "CandidatePolicy" });

const decided = {
  at: time,
  action: z.string().meta({ description: "What the audit log calls it." }),
  by: z.object({ uid: z.string(), realm: z.string(), kind: z.string() }),
  repository: z.string().nullable(),
  tag: z.string().nullable(),
  digest: z.string().nullable(),
};
const rules = z
  .array(z.object({ rule: z.string(), at: z.string().nullable() }))
  .meta({ description: "None: no rule is about it." });

const judged = z
  .object({
    looked: z.number().meta({ description: "At how many decisions." }),
    since: z.string().nullable().meta({ description: "When the oldest of them was." }),
    same: z.number().meta({ description: "How many would be the same." }),
    changes: z.array(
      z.object({
        ...decided,
        allow: z
          .boolean()
          .meta({ description: "By the candidate; by the rules in force the opposite." }),
        rules,
        rulesInForce: rules,
      }),
    ),
    unknown: z
      .array(z.object({ ...decided, dependsOn: z.array(z.string()) }))
      .meta({ description: "What cannot be told, and by what that is on no record." }),
    warnings: z
      .array(z.string())
      .meta({ description: "What of the candidate is probably not meant." }),
  })
  .meta({ id: "PolicyTest" });

const common = {
  ...({ group: "Access", method: "POST", who: "administrator" } as const),
  parameters: NO_PARAMETERS,
  query: NO_PARAMETERS,
  body: candidate,
  bodyBytes: MOST_BYTES,
  answers: { 200: { description: "What would change.", schema: judged } },
};

export const testPolicy = operation({
  ...common,
  id: "policy.test",
  by: "token-server",
  path: "/policy/test",
  summary: "What another access policy would have decided",
  description:
    "Holds pushes, deletions and descriptions that are on record against it, by what decides of requests. Pulls, and requests that were denied, are on no record. Nothing is put in force.",
});

export const testTagPolicy = operation({
  ...common,
  id: "policy.test-tags",
  by: "gateway",
  path: "/tag-policy/test",
  summary: "What other rules for tags would have decided",
  description:
    "Holds pushes, refused ones and deletions of tags that are on record against them. Nothing is put in force.",
});
