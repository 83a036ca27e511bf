import { z } from "zod";
import { refuseRepeated } from "#access-policy/refuse-repeated.js";
import { namespacePattern, repositoryPattern, tagPatterns } from "./pattern-schemas.js";
import type { TagRuleSpec } from "./tag-policy.js";

/** Shown in refusals, which have to stay short (`docs/errors.md`). */
const ID = /^[a-z0-9][a-z0-9-]{0,31}$/;
const MOST_RULES = 1_000;

const rule = z
  .strictObject({
    id: z.string().regex(ID, "wants a-z, 0-9 and -, at most 32 of them"),
    description: z.string().max(1_000).optional(),
    repositories: z.array(repositoryPattern).min(1).optional(),
    namespaces: z.array(namespacePattern).min(1).optional(),
    tags: tagPatterns.optional(),
    except: tagPatterns.optional(),
    effect: z.enum(["immutable", "mutable", "forbidden"]).optional(),
    latest: z.enum(["virtual", "plain"]).optional(),
    signatures: z.enum(["append-only", "plain"]).optional(),
    scmSource: z.enum(["required", "optional"]).optional(),
    deletable: z.boolean().optional(),
    message: z.string().min(1).max(100).optional(),
  })
  .superRefine(
    (spec, ctx) => {
      for (const { path, message } of ruleFaults(spec))
        ctx.addIssue({ code: "custom", path, message });
    },
    // Also where a single key has a fault already, so that all faults are told at once.
    { when: ({ value }) => typeof value === "object" && value !== null },
  );

/** A tag policy file. */
export const tagPolicySchema: z.ZodType<{ readonly rules: readonly TagRuleSpec[] }> =
  z.strictObject({
    rules: z
      .array(rule)
      .max(MOST_RULES)
      .superRefine(refuseRepeated("id"), { when: ({ value }) => Array.isArray(value) }),
  });

/** Faults between the keys of one rule. */
function ruleFaults(spec: TagRuleSpec): { path: string[]; message: string }[] {
  const kinds = (["effect", "latest", "signatures", "scmSource"] as const).filter(
    (key) => spec[key] !== undefined,
  );
  const faults: { path: string[]; message: string }[] = [];
  if (kinds.length !== 1)
    faults.push({
      path: [],
      message: "wants exactly one of effect, latest, signatures and scmSource",
    });
  if (spec.effect !== undefined) return faults;
  for (const key of ["tags", "except", "message"] as const)
    if (spec[key] !== undefined && (key === "message" || spec.scmSource === undefined))
      faults.push({ path: [key], message: "belongs to a rule with an effect" });
  for (const key of ["latest", "scmSource"] as const)
    if (spec[key] !== undefined && spec.deletable !== undefined)
      faults.push({ path: ["deletable"], message: `a rule about ${key} cannot say this` });
  return faults;
}
