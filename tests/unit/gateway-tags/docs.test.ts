import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { policySchema } from "#access-policy/policy-schema.js";
import { loadTagPolicy } from "#gateway/config/tag-policy-file.js";
import { isDeletable } from "#tag-policy/deletable.js";
import { parseRepositoryName } from "#registry-protocol/repository-name.js";
import { parseTag } from "#registry-protocol/tag.js";
import { parseYaml } from "#service-kit/yaml-file.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";

const TEXT = readFileSync(join(REPOSITORY_ROOT, "docs/tags.md"), "utf8");

/** Each example: its title, its file, and the table after it. */
const EXAMPLES = [
  ...TEXT.matchAll(/^### (.+)\n(?:(?!#).*\n)*?```yaml\n([^`]+)```\n\n((?:\|.*\n)+)/gm),
].map(([, title = "", yaml = "", table = ""]) => ({ title, yaml, rows: rowsOf(table) }));

describe("docs/tags.md", () => {
  test("has examples with answers", () => {
    expect(EXAMPLES.length).toBe([...TEXT.matchAll(/```yaml\n/g)].length);
    expect(EXAMPLES.flatMap(({ rows }) => rows).length).toBeGreaterThan(15);
  });

  describe.each(EXAMPLES)("$title", ({ yaml, rows }) => {
    const policy = loadTagPolicy("tags.yaml", yaml);
    test.each(rows)("%s is %s", (name, wanted) => {
      const [repository = "", tag = ""] = name.split(":");
      const rule = policy.ruleFor(parseRepositoryName(repository), parseTag(tag));
      const named = rule.name === "immutable" ? "" : `: ${rule.name}`;
      const may = rule.deletable === true && isDeletable(rule, false) ? ", deletable" : "";
      const sourced = rule.sourceWantedBy === undefined ? "" : ", source required";
      expect(`${rule.mutability}${named}${may}${sourced}`).toBe(wanted);
    });
  });

  test("shows a rule of the access policy that can be used", () => {
    const yaml = /```yaml policy\n([^`]+)```/.exec(TEXT)?.[1] ?? "";
    const { rules } = parseYaml("policy.yaml", yaml, policySchema);
    expect(rules.map(({ actions }) => actions)).toEqual([["pull", "push", "delete"]]);
  });
});

/** Rows of a Markdown table without its head. */
function rowsOf(table: string): [string, string][] {
  const lines = table.trim().split("\n").slice(2);
  return lines.map((line) => {
    const [, name = "", answer = ""] = line.split("|").map((cell) => cell.trim());
    return [name, answer];
  });
}
