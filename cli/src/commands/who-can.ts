import { callAs, withQuery, type AnswerOf } from "../api/described-answers.js";
import type { Row, Shown } from "../output/shown.js";
import { examples } from "./examples.js";
import type { AddCommands } from "./shell.js";
import { plainWord } from "./words.js";

type Answer = AnswerOf<"access.who-can">;
type Rule = Answer["actions"][number]["rules"][number];
type Conditions = NonNullable<Rule["unless"]>;

/** `who-can`. */
export const addWhoCan: AddCommands = (program, run) => {
  program
    .command("who-can <repository>")
    .summary("who may pull, push and delete there?")
    .description(
      "The rules that decide who may pull, push and delete in a repository, in their order: the first that somebody fits " +
        "counts, and whom none fits is refused. A robot may of that what it was granted.",
    )
    .addHelpText("after", examples("wharf who-can alpha/app", "wharf who-can alpha/app -o json"))
    .action(
      run(async (shell, [word]) => {
        const path = withQuery("/who-can", { repository: plainWord(word, "REPOSITORY") });
        return whoCan(await callAs(await shell.client(), { id: "access.who-can", path }));
      }),
    );
};

/**
 * @param answer - what the registry says
 * @returns a line for each rule of each action
 */
export function whoCan(answer: Answer): Shown {
  const rows = answer.actions.flatMap(({ action, never, rules }) =>
    rules.length === 0 ? [nobody(action)] : rules.map((rule) => rowOf(action, never, rule)),
  );
  return {
    kind: "list",
    columns: [
      { key: "action", kind: "name" },
      { key: "effect", kind: "name" },
      { key: "who" },
      { key: "rule", kind: "name" },
      { key: "at", drop: 1 },
    ],
    ...{ rows, value: answer, empty: "no rule is about it" },
  };
}

function nobody(action: string): Row {
  return { action, effect: "deny", who: "anyone", rule: null, at: null };
}

function rowOf(action: string, never: readonly string[], rule: Rule): Row {
  const { effect, at = null } = rule;
  const but = [
    ...(rule.unless === null ? [] : [`unless ${conditionsIn(rule.unless)}`]),
    ...(effect === "allow" && mayBeAny(rule.who) ? never.map((kind) => `not ${kind}`) : []),
  ];
  return { action, effect, who: [whoOf(rule), ...but].join(", "), rule: rule.rule, at };
}

/** Whether kinds of login are meant that no rule can help. */
function mayBeAny(who: Rule["who"]): boolean {
  return typeof who === "string" || who.kinds === undefined;
}

function whoOf({ who, where }: Rule): string {
  const named = typeof who === "string" ? (who === "anyone" ? "" : who) : conditionsIn(who);
  const ways = where.map(({ values }) => wayOf(values));
  const stands = ways.includes("") ? "" : ways.join(" or ");
  return [named, stands].filter((part) => part !== "").join(", ") || "anyone";
}

function wayOf(values: Rule["where"][number]["values"]): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} ${value ?? "(any that fits)"}`)
    .join(", ");
}

function conditionsIn(conditions: Conditions): string {
  const { kinds, realms, uids, teams, addresses, withheld, scopes, claims = {} } = conditions;
  const said: readonly (readonly [string, readonly string[] | undefined])[] = [
    ["kind", kinds],
    ["realm", realms],
    ["uid", uids],
    ["team", teams],
    ["address", addresses],
    ["scope", scopes?.anyOf],
    ...(scopes?.allOf ?? []).map((scope) => ["scope", [scope]] as const),
    ...Object.entries(claims).map(([name, values]) => [`claim ${name}`, values] as const),
  ];
  return [
    ...said.flatMap(([name, values]) =>
      values === undefined ? [] : `${name} ${values.join(" or ")}`,
    ),
    ...(withheld ?? []).map((name) => `certain ${name}`),
  ].join(", ");
}
