import type { Rule } from "./compile.js";
import type { Match } from "./match.js";
import type { Question } from "./question.js";
import { fittingTeam } from "./repository-values.js";
import type { RuleSpec } from "./rule.js";
import { noun, verb } from "./sentences.js";
import { nameOf } from "./template.js";

/** Reasons travel in tokens and error messages, which clients cut. */
const MOST_CHARACTERS = 300;
const UNTOLD = "no rule before it allows this";
const VARIABLE = /\$\{([^{}]*)\}/g;

/**
 * @param spec - a rule
 * @returns what is wrong with its message, nothing when it can be shown as it is
 */
export function messageFaults(
  spec: Pick<RuleSpec, "effect" | "message" | "who" | "repositories" | "namespaces">,
): string[] {
  const patterns = [...(spec.repositories ?? []), ...(spec.namespaces ?? [])].join(" ");
  const known = ["uid", "realm", "action", "repository", "namespace"];
  if (spec.effect === "deny") known.push("missing");
  if (typeof spec.who === "object" && spec.who.scopes !== undefined) known.push("scope");
  if (
    (typeof spec.who === "object" && spec.who.teams !== undefined) ||
    patterns.includes("${team}")
  )
    known.push("team");
  return [...(spec.message ?? "").matchAll(VARIABLE)]
    .filter(([, variable = ""]) => !known.includes(variable))
    .map(
      ([text]) =>
        `${text} is not known here; a message can have ${known.map((name) => `\${${name}}`).join(" ")}`,
    );
}

/**
 * @param rule - the rule that decides
 * @param question - what is asked
 * @param missing - says what the nearest of the rules before it lacks
 * @returns the reason that is shown
 */
export function reasonOf(rule: Rule, question: Question, missing = () => UNTOLD): string {
  const { effect, message, id } = rule.spec;
  if (message !== undefined)
    return clip(
      message.replace(VARIABLE, (_text, variable: string) =>
        variable === "missing" ? missing() : valueIn(variable, rule, question),
      ),
    );
  return `rule ${id} ${effect === "allow" ? "allows" : "denies"} ${phrase(question)}`;
}

/**
 * @param match - what came of holding a question against a rule
 * @param rule - the rule
 * @param question - the question
 * @returns it in words
 */
export function whyOf(match: Match, rule: Rule, question: Question): string {
  switch (match.outcome) {
    case "matched":
      return reasonOf(rule, question);
    case "teams-needed":
      return "it depends on teams, which have not been looked up";
    case "other-action":
      return `the rule is about ${[...rule.actions].join(", ")}`;
    case "other-repository":
      return clip(`the rule is about ${rule.globs.map(({ text }) => text).join(", ")}`);
    case "missed":
      return clip(match.missed.whyNot(question));
  }
}

/**
 * @param question - what is asked
 * @returns what would be done, in words
 */
export function phrase({ action, repository }: Question): string {
  return noun(action, repository ?? "");
}

/**
 * @param text - a reason
 * @returns it, cut where it gets too long to be shown
 */
export function clip(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS - 1)}…` : text;
}

function valueIn(variable: string, rule: Rule, question: Question): string {
  const { identity, repository, action } = question;
  switch (variable) {
    case "uid":
      return nameOf(identity);
    case "realm":
      return identity.realm || "(none)";
    case "action":
      return verb(action);
    case "repository":
      return repository ?? "the catalog";
    case "namespace":
      return repository?.split("/")[0] ?? "";
    case "scope":
      return heldScope(rule.spec.who, identity.scopes);
    case "team":
      return heldTeam(rule, question);
    default:
      return "";
  }
}

/**
 * @param who - whom a rule is about
 * @param scopes - scopes of somebody
 * @returns the first of them that the rule names; empty: none
 */
export function heldScope(who: RuleSpec["who"], scopes: readonly string[]): string {
  const { anyOf, allOf } = typeof who === "object" ? (who.scopes ?? {}) : {};
  return scopes.find((scope) => (anyOf ?? allOf ?? []).includes(scope)) ?? "";
}

/**
 * @param rule - a rule
 * @param question - a question that it fits
 * @returns the team of whoever asks that it goes by; empty: none
 */
export function heldTeam(rule: Rule, question: Question): string {
  const { who } = rule.spec;
  const wanted = typeof who === "object" ? who.teams : undefined;
  const named = question.teams?.find((team) => wanted?.includes(team));
  return named ?? fittingTeam(rule.globs, question) ?? "";
}
