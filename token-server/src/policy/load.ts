import { isMap, isSeq, LineCounter, parseDocument } from "yaml";
import { compilePolicy, type Policy } from "#access-policy/compile.js";
import { policySchema, uniqueIdsSchema } from "#access-policy/policy-schema.js";
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

/** A schema stops at the first kind of fault it meets; two of them find all kinds at once. */
function checked(name: string, text: string): { readonly rules: readonly RuleSpec[] } {
  const faults: string[] = [];
  const attempt = <T>(read: () => T): T | null => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof YamlFileError)) throw error;
      faults.push(...error.faults.filter((fault) => !faults.includes(fault)));
      return null;
    }
  };
  const file = attempt(() => parseYaml(name, text, policySchema));
  if (file === null || !faults.length) attempt(() => parseYaml(name, text, uniqueIdsSchema));
  if (file === null || faults.length > 0) throw new YamlFileError(faults);
  return file;
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
