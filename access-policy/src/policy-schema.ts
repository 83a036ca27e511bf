import { z } from "zod";
import { everyAction, globTexts } from "./compile.js";
import { exception, namespace, pattern, who } from "./condition-schema.js";
import { mixesStars, repositoryGlob } from "./glob.js";
import { OPENSVC_RULES } from "./opensvc-rules.js";
import { messageFaults } from "./reason.js";
import { refuseRepeated } from "./refuse-repeated.js";
import { RULE_ACTIONS, type RuleSpec } from "./rule.js";
import { mostCandidates } from "./rule-index.js";

/** Patterns of all rules about one action that a repository of any one namespace can be held against. */
const MOST_PATTERNS = 300;
/** Values of claims that mix both kinds of stars: holding a long claim against one takes a while. */
const MOST_MIXED = 10;

const texts = z.array(z.string()).optional();

/** As much of a rule as it takes to hold its keys against each other. */
const comparable = z.looseObject({
  actions: z.array(z.string()),
  repositories: texts,
  namespaces: texts,
  message: z.string().optional(),
});

const rule = z
  .strictObject({
    id: z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/, "wants a-z, 0-9 and -, at most 63 of them"),
    description: z.string().max(1_000).optional(),
    effect: z.enum(["allow", "deny"]),
    actions: z.array(z.enum(RULE_ACTIONS)).min(1),
    repositories: z.array(pattern).min(1).optional(),
    namespaces: z.array(namespace).min(1).optional(),
    who,
    unless: exception.optional(),
    message: z.string().min(1).max(200).optional(),
  })
  .superRefine(
    (spec, ctx) => {
      for (const { path, message } of ruleFaults(spec))
        ctx.addIssue({ code: "custom", path, message });
    },
    // Also where a single key has a fault already, so that all faults are told at once.
    { when: ({ value }) => comparable.safeParse(value).success },
  );

const rules = z
  .array(rule)
  .min(1)
  .max(5_000)
  .superRefine(refuseRepeated("id"), { when: ({ value }) => Array.isArray(value) })
  .superRefine((specs, ctx) => {
    for (const fault of [costFault(specs), mixedFault(specs)])
      if (fault !== null) ctx.addIssue(fault);
  });

/** A policy file, with every fault that can be told without knowing who will ask. */
export const policySchema: z.ZodType<{ readonly rules: readonly RuleSpec[] }> = z.strictObject({
  rules: z.preprocess((raw) => (raw === "opensvc" ? OPENSVC_RULES : raw), rules),
});

/** What a question can cost is bounded, whoever asks it. */
function costFault(specs: readonly RuleSpec[]): string | null {
  const most = mostCandidates(
    specs.map((spec) => ({
      actions: everyAction(spec.actions),
      globs: globTexts(spec).map(repositoryGlob),
    })),
  );
  if (most <= MOST_PATTERNS) return null;
  return `one repository would be held against ${most} patterns, wanted ${MOST_PATTERNS} at most: let more of them begin with the name of a namespace, or use templates`;
}

function mixedFault(specs: readonly RuleSpec[]): string | null {
  const conditions = specs.flatMap(({ who, unless }) =>
    [who, unless].filter((one) => typeof one === "object"),
  );
  const values = conditions.flatMap(({ claims = {} }) => Object.values(claims).flat());
  const mixed = values.filter(mixesStars);
  if (mixed.length <= MOST_MIXED) return null;
  return `${mixed.length} values of claims have both * and **, wanted ${MOST_MIXED} at most`;
}

/** Faults between the keys of one rule. */
function ruleFaults(spec: RuleSpec): { path: string[]; message: string }[] {
  const isCatalog = spec.actions.includes("catalog");
  const hasPatterns = spec.repositories !== undefined || spec.namespaces !== undefined;
  const faults = messageFaults(spec).map((message) => ({ path: ["message"], message }));
  if (isCatalog && spec.actions.length > 1)
    faults.push({ path: ["actions"], message: "catalog stands alone" });
  if (isCatalog && hasPatterns)
    faults.push({ path: [], message: "the catalog has neither repositories nor namespaces" });
  if (!isCatalog && !hasPatterns)
    faults.push({
      path: [],
      message: 'repositories or namespaces are missing; for every repository write ["**"]',
    });
  return faults;
}
