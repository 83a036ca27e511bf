import { z } from "zod";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { askerOf } from "./asker.js";
import type { Policy, Rule } from "./compile.js";
import type { Verdict } from "./condition.js";
import { isComponent } from "./glob.js";
import type { Circumstances, Question, Subject } from "./question.js";

/** All that somebody may pull, as data: whoever has it needs neither the policy nor the identity. */
export interface View {
  /**
   * Patterns in their order, `+` before one that allows and `-` before one that denies: the first that fits decides, and
   * what none fits is denied.
   */
  readonly rules: readonly string[];
  /** What the templates in them stand for. */
  readonly values: Readonly<Record<string, readonly string[]>>;
  /** Patterns of which one has to fit besides; `null`: there are none. */
  readonly limits: readonly string[] | null;
}

const texts = z.array(z.string());

/** A view as it comes from elsewhere. */
export const viewSchema: z.ZodType<View> = z.object({
  rules: z.array(z.string().regex(/^[+-]./)),
  values: z.record(z.string(), texts),
  limits: texts.nullable(),
});

const EVERYTHING: View = { rules: ["+**"], values: {}, limits: null };
/** What somebody may pull who may pull nothing. */
export const NOTHING: View = { rules: [], values: {}, limits: null };

/** Conditions on who asks, and from where, are the same for every repository. */
const ANY_REPOSITORY = { type: "repository", name: parseRepositoryName("x") } as const;

/**
 * @param policy - the rules
 * @param subject - who asks; `teams` may be `null` as long as the answer does not depend on them
 * @param circumstances - from where
 * @returns what they may pull: exactly where the policy grants it; `"teams-needed"` when that depends on their teams
 */
export function viewOf(
  policy: Policy,
  subject: Subject,
  circumstances: Circumstances,
): View | "teams-needed" {
  if (subject.identity.kind === "unrestricted") return EVERYTHING;
  const asker = askerOf(subject, circumstances, policy.facts);
  const { bounds } = asker;
  const sample = asker.question(ANY_REPOSITORY, "pull");
  if (bounds.denialOfKind(sample) !== null) return NOTHING;
  const rules = bounds.closed.map(({ text }) => `-${text}`);
  const values: Record<string, readonly string[]> = {};
  for (const rule of policy.rules) {
    const verdict = rule.actions.has("pull") && isAbout(rule, sample);
    if (verdict === "teams-needed") return verdict;
    if (!verdict) continue;
    const added = addRule({ rules, values }, rule, sample);
    if (added === "teams-needed") return added;
    if (rule.globs.some(({ text }) => text === "**")) break;
  }
  const limits = bounds.limits?.flatMap(({ glob, actions }) =>
    glob !== null && actions.includes("pull") ? [glob.text] : [],
  );
  return { rules, values, limits: limits ?? null };
}

function isAbout({ conditions }: Rule, sample: Question): Verdict {
  const verdicts = conditions.map((condition) => condition.holds(sample));
  if (verdicts.includes(false)) return false;
  return verdicts.includes("teams-needed") ? "teams-needed" : true;
}

interface Growing {
  readonly rules: string[];
  readonly values: Record<string, readonly string[]>;
}

function addRule(
  { rules, values }: Growing,
  { spec, globs }: Rule,
  sample: Question,
): "teams-needed" | null {
  for (const { text, variables } of globs) {
    for (const variable of variables) {
      const known = sample.values(variable);
      if (known === null) return "teams-needed";
      values[variable] ??= [...known].filter(isComponent);
    }
    // What a template of no value stands for fits nothing.
    if (variables.some((variable) => values[variable]?.length === 0)) continue;
    rules.push(`${spec.effect === "allow" ? "+" : "-"}${text}`);
  }
  return null;
}
