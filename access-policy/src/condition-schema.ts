import { z } from "zod";
import { PRIVILEGES } from "./directory.js";
import { faultOf } from "./fault-of.js";
import { GlobError, MOST_STARS, repositoryGlob, starsIn } from "./glob.js";
import { NetworkError, networks } from "./networks.js";
import { RULE_KINDS, type Conditions, type RuleSpec } from "./rule.js";
import { isPatternVariable, PLAIN_VARIABLES } from "./template.js";

const name = z.string().min(1).max(255);
const names = z.array(name).min(1);

const network = name.superRefine((text, ctx) => {
  const fault = faultOf(NetworkError, () => networks([text]));
  if (fault !== null) ctx.addIssue(fault);
});

/** A glob over repository names. */
export const pattern = z.string().superRefine((text, ctx) => {
  for (const fault of patternFaults(text)) ctx.addIssue(fault);
});

/** One path component, which stands for itself and everything below. */
export const namespace = z.string().superRefine((text, ctx) => {
  const faults = patternFaults(text);
  const single = text !== "**" && (/^\$\{[^{}]*\}$/.test(text) || !text.includes("/"));
  for (const fault of faults) ctx.addIssue(fault);
  if (faults.length === 0 && !single) ctx.addIssue("a namespace is one path component");
});

const claimValues = z.preprocess(
  (raw) => (typeof raw === "string" ? [raw] : raw),
  z
    .array(
      name.refine(
        (text) => starsIn(text) <= MOST_STARS,
        `a value has at most ${MOST_STARS} stars (* or **)`,
      ),
      { error: 'wants text or a list of texts; "true" and "1" need their quotes' },
    )
    .min(1),
);

const onlyTrue = z.literal(true, "can only be true; for the contrary use unless");
const privileges = z.array(z.enum(PRIVILEGES)).min(1);

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
    registry: z
      .strictObject({
        restricted: z.boolean().optional(),
        published: onlyTrue.optional(),
        responsible: onlyTrue.optional(),
      })
      .refine(isFilled, "wants restricted, published or responsible")
      .optional(),
    privileges: z
      .strictObject({ anyOf: privileges.optional(), allOf: privileges.optional() })
      .refine(isFilled, "wants anyOf, allOf or both")
      .optional(),
    apps: z
      .strictObject({ responsible: names.optional(), published: names.optional() })
      .refine(isFilled, "wants responsible, published or both")
      .optional(),
    service: z.strictObject({ app: names }).optional(),
    teams: names.optional(),
  })
  .refine(isFilled, 'names no condition; for everybody write "anyone"');

/** A word or conditions. Not a union, whose faults would say neither the key nor the line. */
export const who = z.unknown().transform((raw, ctx): RuleSpec["who"] => {
  if (raw === undefined || raw === null) {
    ctx.addIssue('is missing: "anyone", "logged-in" or conditions');
    return z.NEVER;
  }
  const schema: z.ZodType<RuleSpec["who"]> =
    typeof raw === "string" ? z.enum(["anyone", "logged-in"]) : conditions;
  const checked = schema.safeParse(raw);
  if (checked.success) return checked.data;
  for (const issue of checked.error.issues)
    ctx.addIssue({ code: "custom", path: issue.path, message: issue.message });
  return z.NEVER;
});

/** The exception of a rule: with two conditions nobody could tell whether one is enough. */
export const exception = conditions.refine(
  isSingle,
  "takes one condition: write one rule for each",
);

function patternFaults(text: string): string[] {
  const fault = faultOf(GlobError, () => repositoryGlob(text));
  if (fault !== null) return [fault];
  if (starsIn(text) > MOST_STARS) return [`a pattern has at most ${MOST_STARS} stars (* or **)`];
  return repositoryGlob(text)
    .variables.filter((variable) => !isPatternVariable(variable))
    .map(
      (variable) =>
        `\${${variable}} is not known; there are ${PLAIN_VARIABLES.map((one) => `\${${one}}`).join(", ")} and \${claim.<name>}`,
    );
}

function isFilled(value: object): boolean {
  return Object.keys(value).length > 0;
}

function isSingle(exception: Conditions): boolean {
  const { claims = {}, registry = {}, apps = {} } = exception;
  const inner = [claims, registry, apps].map((one) => Object.keys(one).length);
  return Object.keys(exception).length === 1 && Math.max(...inner) <= 1;
}
