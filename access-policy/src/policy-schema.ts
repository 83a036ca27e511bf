import { z } from "zod";
import { GlobError, repositoryGlob } from "./glob.js";
import { NetworkError, networks } from "./networks.js";
import { messageFaults } from "./reason.js";
import { RULE_ACTIONS, RULE_KINDS, type Conditions, type RuleSpec } from "./rule.js";
import { isPatternVariable } from "./template.js";

const name = z.string().min(1).max(255);
const names = z.array(name).min(1);

const network = name.superRefine((text, ctx) => {
  const fault = faultOf(NetworkError, () => networks([text]));
  if (fault !== null) ctx.addIssue(fault);
});

const pattern = z.string().superRefine((text, ctx) => {
  for (const fault of patternFaults(text)) ctx.addIssue(fault);
});

const namespace = z.string().superRefine((text, ctx) => {
  const faults = patternFaults(text);
  const single = text !== "**" && (/^\$\{[^{}]*\}$/.test(text) || !text.includes("/"));
  for (const fault of faults) ctx.addIssue(fault);
  if (faults.length === 0 && !single) ctx.addIssue("a namespace is one path component");
});

const claimValues = z.preprocess((raw) => (typeof raw === "string" ? [raw] : raw), names);

/** Every key is a condition; as an object they all have to hold. */
const conditions = z
  .strictObject({
    kinds: z.array(z.enum(RULE_KINDS)).min(1).optional(),
    addresses: z.array(network).min(1).optional(),
    realms: names.optional(),
    uids: names.optional(),
    claims: z.record(name, claimValues).refine(isFilled, "names no claim").optional(),
    scopes: z
      .strictObject({ anyOf: names.optional(), allOf: names.optional() })
      .refine(isFilled, "wants anyOf, allOf or both")
      .optional(),
    teams: names.optional(),
  })
  .refine(isFilled, 'names no condition; for everybody write "anyone"');

/** A word or conditions. Not a union, whose faults would say neither the key nor the line. */
const who = z.unknown().transform((raw, ctx): RuleSpec["who"] => {
  const schema: z.ZodType<RuleSpec["who"]> =
    typeof raw === "string" ? z.enum(["anyone", "logged-in"]) : conditions;
  const checked = schema.safeParse(raw);
  if (checked.success) return checked.data;
  for (const issue of checked.error.issues)
    ctx.addIssue({ code: "custom", path: issue.path, message: issue.message });
  return z.NEVER;
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
    unless: conditions.refine(isSingle, "takes one condition: write one rule for each").optional(),
    message: z.string().min(1).max(200).optional(),
  })
  .superRefine((spec, ctx) => {
    const isCatalog = spec.actions.includes("catalog");
    const hasPatterns = spec.repositories !== undefined || spec.namespaces !== undefined;
    if (isCatalog && spec.actions.length > 1)
      ctx.addIssue({ code: "custom", path: ["actions"], message: "catalog stands alone" });
    if (isCatalog && hasPatterns)
      ctx.addIssue("a rule about the catalog has neither repositories nor namespaces");
    if (!isCatalog && !hasPatterns)
      ctx.addIssue('repositories or namespaces are missing; for every repository write ["**"]');
    for (const message of messageFaults(spec))
      ctx.addIssue({ code: "custom", path: ["message"], message });
  });

/** A policy file. `z.infer` of it fits {@link RuleSpec}. */
export const policySchema: z.ZodType<{ readonly rules: readonly RuleSpec[] }> = z.strictObject({
  rules: z.array(rule).min(1).max(5_000),
});

/** Finds rules of the same id, even where the rules themselves have faults. */
export const uniqueIdsSchema = z.looseObject({
  rules: z.array(z.unknown()).superRefine((rules, ctx) => {
    const ids = rules.map((one) => z.looseObject({ id: z.string() }).safeParse(one).data?.id);
    for (const [index, id] of ids.entries())
      if (id !== undefined && ids.indexOf(id) < index)
        ctx.addIssue({ code: "custom", path: [index, "id"], message: `"${id}" is there already` });
  }),
});

function patternFaults(text: string): string[] {
  const fault = faultOf(GlobError, () => repositoryGlob(text));
  if (fault !== null) return [fault];
  return repositoryGlob(text)
    .variables.filter((variable) => !isPatternVariable(variable))
    .map(
      (variable) =>
        `\${${variable}} is not known; there are \${team}, \${uid}, \${realm} and \${claim.<name>}`,
    );
}

function faultOf(kind: typeof GlobError | typeof NetworkError, read: () => unknown): string | null {
  try {
    read();
    return null;
  } catch (error) {
    if (error instanceof kind) return error.message;
    throw error;
  }
}

function isFilled(value: object): boolean {
  return Object.keys(value).length > 0;
}

function isSingle(exception: Conditions): boolean {
  const { claims = {} } = exception;
  return Object.keys(exception).length === 1 && Object.keys(claims).length <= 1;
}
