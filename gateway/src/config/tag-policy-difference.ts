import { parseYaml } from "#service-kit/yaml-file.js";
import { tagPolicySchema } from "#tag-policy/tag-policy-schema.js";

type Rule = Readonly<Record<string, unknown>> & { readonly id: string };

/**
 * @param before - a file with rules for tags
 * @param after - the one that comes into force
 * @returns what it says otherwise, a sentence each; none where one cannot be read any more
 */
export function differenceOfTagRules(before: string, after: string): readonly string[] {
  const [was, is] = [rulesIn(before), rulesIn(after)];
  if (was === null || is === null) return [];
  const known = new Map(was.map((rule) => [rule.id, rule]));
  const kept = new Map(is.map((rule) => [rule.id, rule]));
  const order = (rules: readonly Rule[]) =>
    rules.flatMap(({ id }) => (known.has(id) && kept.has(id) ? [id] : [])).join(", ");
  return [
    ...was.filter(({ id }) => !kept.has(id)).map(({ id }) => `rule ${id} removed`),
    ...is.flatMap((rule) => {
      const old = known.get(rule.id);
      return old === undefined ? [`rule ${rule.id} added: ${shown(rule)}`] : changes(old, rule);
    }),
    ...(order(was) === order(is) ? [] : [`order: ${order(was)} → ${order(is)}`]),
  ];
}

function changes(was: Rule, is: Rule): string[] {
  const keys = new Set([...Object.keys(was), ...Object.keys(is)]);
  return [...keys].flatMap((key) => {
    const [old, now] = [shown(was[key]), shown(is[key])];
    return old === now ? [] : [`rule ${is.id}: ${key} ${old} → ${now}`];
  });
}

function shown(value: unknown): string {
  return value === undefined ? "none" : JSON.stringify(value);
}

function rulesIn(content: string): readonly Rule[] | null {
  try {
    return parseYaml("tags", content, tagPolicySchema).rules as unknown as Rule[];
  } catch {
    return null;
  }
}
