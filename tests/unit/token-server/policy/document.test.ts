import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { parse } from "yaml";
import { decide } from "#access-policy/decide.js";
import { DEFAULT_RULES } from "#access-policy/default-policy.js";
import type { AccessLimit, Identity } from "#access-policy/identity.js";
import { loadPolicy } from "#token-server/policy/load.js";
import { REPOSITORY_ROOT } from "#tests/support/source-tree.js";
import { parseAsk, type Caller } from "../../access-policy/asking.js";

const TEXT = readFileSync(join(REPOSITORY_ROOT, "docs/policy.md"), "utf8");
const EXAMPLES = TEXT.split(/^### /m)
  .slice(1)
  .map((section) => ({
    title: section.slice(0, section.indexOf("\n")),
    yaml: /```yaml\n([^]*?)```/.exec(section)?.[1] ?? "",
    rows: tableRows(section),
  }));
const PEOPLE = new Map(
  tableRows(/^## Examples[^]*?(?=^### )/m.exec(TEXT)?.[0] ?? "").map(personOf),
);

describe("docs/policy.md", () => {
  test("has the examples that were promised, each with answers", () => {
    expect(EXAMPLES.length).toBeGreaterThanOrEqual(6);
    for (const { title, rows } of EXAMPLES) expect([title, rows.length > 0]).toEqual([title, true]);
  });

  test("spells out the built-in rules as they are", () => {
    expect(parse(EXAMPLES[0]?.yaml ?? "")).toEqual({ rules: DEFAULT_RULES });
  });

  test.each(EXAMPLES)("$title: the file is well formed, and no rule is in doubt", ({ yaml }) => {
    expect(loadPolicy("policy.yaml", yaml).warnings).toEqual([]);
  });

  describe.each(EXAMPLES)("$title", ({ yaml, rows }) => {
    test.each(rows)("%s: %s", (who, asks, answer) => {
      const caller = callerOf(who);
      const { action, resource } = parseAsk(asks);
      const { policy } = loadPolicy("policy.yaml", yaml);
      const decision = decide(policy, caller, resource, action, caller);
      if (decision.allow === "teams-needed") throw new Error("the teams are known here");
      expect(`${decision.allow ? "yes" : "no"}: ${decision.reason}`).toBe(answer);
    });
  });
});

/** `alice`, or `alice from 10.0.0.1`. */
function callerOf(text: string): Caller {
  const [name = "", address = "192.0.2.1"] = text.split(" from ");
  const person = PEOPLE.get(name);
  if (person === undefined) throw new Error(`nobody is called ${name}`);
  return { ...person, address };
}

function personOf(row: readonly string[]): [string, Omit<Caller, "address">] {
  const [name = "", uid = "", realm = "", kind = "", scopes = "", teams = "", more = ""] = row;
  const facts = [...more.matchAll(/`([^`]*)`/g)].map(([, fact = ""]) => fact);
  const identity: Identity = {
    uid,
    realm,
    kind: kind as Identity["kind"],
    scopes: scopes.split(" ").filter(Boolean),
    claims: Object.fromEntries(
      more.startsWith("claims") ? facts.map((fact) => fact.split("=") as [string, string]) : [],
    ),
    limits: more.startsWith("limits") ? facts.map(limitOf) : null,
  };
  return [name, { identity, teams: teams.split(", ").filter(Boolean) }];
}

function limitOf(fact: string): AccessLimit {
  const [repositories = "", ...actions] = fact.split(" ");
  return { repositories, actions: actions as AccessLimit["actions"] };
}

/** Cells of the last table in a text, without its head. */
function tableRows(text: string): [string, string, string, ...string[]][] {
  const lines = text.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) => {
    const [who = "", asks = "", answer = "", ...rest] = line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim());
    return [who, asks, answer, ...rest];
  });
}
