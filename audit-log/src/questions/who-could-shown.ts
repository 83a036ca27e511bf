import { conditionsInWords } from "#access-policy/difference.js";
import type { RuleAbout } from "#access-policy/who-can.js";
import type { FileNamed } from "./policy-at.js";
import type { AnswerTable, ShownAnswer } from "./table.js";
import type { WhoCould } from "./who-could.js";

/** Told also where it is nobody. */
const WHO = "who could";

/**
 * @param answer - who could do something
 * @returns it as tables
 */
export function whoCouldShown(answer: WhoCould): ShownAnswer {
  const { action, repository, at, rules, never, teams, tagRule, decision, notes } = answer;
  const settings = Object.entries(answer.settings).flatMap(([service, all]) =>
    Object.entries(all).map(([name, value]) => [service, name, value]),
  );
  return {
    tables: [
      decisionTable(answer),
      filesTable(answer),
      {
        title: `${WHO} ${action} in ${repository} at ${at}, the first that fits`,
        columns: ["effect", "who", "unless", "where", "rule"],
        rows: rules.map(rowOf),
      },
      {
        title: "could not, whatever rules say",
        columns: ["kind"],
        rows: never.map((one) => [one]),
      },
      {
        title: "teams in the logins file",
        columns: ["team", "members"],
        rows: Object.entries(teams).map(([team, members]) => [team, members.join(", ")]),
      },
      { title: "settings", columns: ["service", "name", "value"], rows: settings },
      {
        title: "rule for the tag",
        columns: ["rule", "mutability", "deletable"],
        rows: tagRule === null ? [] : [[tagRule.name, tagRule.mutability, tagRule.deletable]],
      },
      {
        title: "rules that were looked at",
        columns: ["rule", "effect", "outcome", "because"],
        rows: (decision?.trace ?? []).map(({ rule, effect, outcome, because }) => [
          ...[rule.id, effect, outcome, because],
        ]),
      },
    ].filter(({ rows, title }) => rows.length > 0 || title.startsWith(WHO)),
    notes,
  };
}

function decisionTable({ decision }: WhoCould): AnswerTable {
  const words = { true: "yes", false: "no", "teams-needed": "cannot be known" } as const;
  return {
    title: "could they",
    columns: ["answer", "reason"],
    rows: decision === null ? [] : [[words[`${decision.allow}`], decision.reason]],
  };
}

function filesTable({ policy, tagPolicy, logins }: WhoCould): AnswerTable {
  const row = (what: string, file: FileNamed | null) =>
    file === null ? [what, null, null, null] : [what, file.path, file.since, file.sha256];
  return {
    title: "in force then",
    columns: ["what", "file", "since", "sha256"],
    rows: [
      row("access policy", policy),
      row("rules for tags", tagPolicy),
      row("logins", logins),
    ].filter(([, path]) => path !== null),
  };
}

function rowOf({ rule, effect, who, unless, patterns }: RuleAbout) {
  const where = patterns.map(({ pattern, values }) => {
    const stands = Object.entries(values).map(([name, value]) => `${name} ${value ?? "any"}`);
    return [pattern, ...stands].join(" with ");
  });
  return [
    effect,
    typeof who === "string" ? who : conditionsInWords(who),
    unless === null ? null : conditionsInWords(unless),
    where.join(" or "),
    rule.id,
  ];
}
