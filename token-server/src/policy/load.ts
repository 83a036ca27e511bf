import { isMap, isSeq, LineCounter, parseDocument } from "yaml";
import { compilePolicy, type Policy } from "#access-policy/compile.js";
import { policySchema } from "#access-policy/policy-schema.js";
import type { RuleSpec } from "#access-policy/rule.js";
import { shadowedRules } from "#access-policy/shadow.js";
import { parseYaml, YamlFileError } from "#service-kit/yaml-file.js";

/** A policy as it was read from a file. */
export interface LoadedPolicy {
  readonly policy: Policy;
  /** What is allowed and probably not meant, as `file:line: …`. */
  readonly warnings: readonly string[];
}

const MOST_CHARACTERS = 4 * 1024 * 1024;

/**
 * Reads a policy file.
 *
 * @param name - name of the file, for messages and for the rules' own names
 * @param text - its content, YAML
 * @returns the policy, ready to decide
 * @throws YamlFileError with every fault in the file and its line
 */
export function loadPolicy(name: string, text: string): LoadedPolicy {
  if (text.length > MOST_CHARACTERS) throw new YamlFileError([`${name}: is longer than 4 MiB`]);
  const { rules } = checked(name, text);
  const at = ruleLines(text).map((line) => `${name}:${line}`);
  return { policy: compilePolicy(rules, at), warnings: warningsOf(rules, at) };
}

function checked(name: string, text: string): { readonly rules: readonly RuleSpec[] } {
  try {
    return parseYaml(name, text, policySchema);
  } catch (error) {
    // The YAML library throws errors of its own for aliases that lead nowhere or explode.
    const faults = error instanceof YamlFileError ? error.faults : [`${name}: ${String(error)}`];
    const lineOf = (fault: string) => Number.parseInt(fault.slice(name.length + 1), 10) || 0;
    throw new YamlFileError([...faults].sort((a, b) => lineOf(a) - lineOf(b)));
  }
}

function warningsOf(rules: readonly RuleSpec[], at: readonly string[]): string[] {
  const hidden = shadowedRules(rules).map(({ index, by }) => ({
    index,
    text: `never decides anything: ${by.join(", ")} before it decides all that it is about`,
  }));
  const names = rules.flatMap((rule, index) =>
    namesWithoutRealm(rule)
      ? [{ index, text: "goes by uid alone: the same uid can be somebody else in another realm" }]
      : [],
  );
  return [...hidden, ...names]
    .sort((a, b) => a.index - b.index)
    .map(({ index, text }) => `${at[index] ?? ""}: rule ${rules[index]?.id ?? ""} ${text}`);
}

/** A uid is unique within its realm, so a rule that allows by uid should say which realm it means. */
function namesWithoutRealm({ effect, who, repositories = [], namespaces = [] }: RuleSpec): boolean {
  const conditions = typeof who === "object" ? who : {};
  const byUid =
    conditions.uids !== undefined ||
    [...repositories, ...namespaces].some((pattern) => pattern.includes("${uid}"));
  const saysWhich =
    conditions.realms !== undefined ||
    conditions.kinds !== undefined ||
    [...repositories, ...namespaces].some((pattern) => pattern.includes("${realm}"));
  return effect === "allow" && byUid && !saysWhich;
}

/** Line of each rule. */
function ruleLines(text: string): number[] {
  const lines = new LineCounter();
  const { contents } = parseDocument(text, { lineCounter: lines });
  const rules: unknown = isMap(contents) ? contents.get("rules") : null;
  if (!isSeq(rules)) return [];
  return rules.items.map((item) => {
    const range = isMap(item) ? item.range : null;
    return lines.linePos(range?.[0] ?? 0).line;
  });
}
