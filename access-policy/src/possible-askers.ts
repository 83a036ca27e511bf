import { compilePolicy, type Policy, type Rule } from "./compile.js";
import { whoConditions } from "./conditions.js";
import type { Directory } from "./directory.js";
import { teamsAsked, teamsNamed } from "./directory-teams.js";
import type { SplitName } from "./glob-match.js";
import type { IdentityKind } from "./identity.js";
import type { Question, Subject } from "./question.js";
import type { Conditions, RuleSpec } from "./rule.js";
import { bindingsOf } from "./who-can.js";

/** What a record says of whoever asked. */
export interface NamedAsker {
  readonly uid: string;
  readonly realm: string;
  readonly kind: IdentityKind;
}

/** Something about them that is on no record, and that a rule asks. */
export type Fact =
  | { readonly kind: "team" | "scope"; readonly name: string }
  | { readonly kind: "claim"; readonly name: string; readonly value: string };

/** Conditions on claims are facts by themselves: which values hold together is not gone into. */
const HOLDS = "holds";

/** Robots and logins with limits got what is on record within them, so they would by any policy; without any a robot has nothing. */
const NO_LIMITS = [{ repositories: "**", actions: ["pull", "push", "delete"] }] as const;

/**
 * @param policy - the rules
 * @returns the same, with each condition on a claim as a fact that holds or does not
 */
export function withFactsForClaims({ rules, facts }: Policy): Policy {
  const specs = rules.map(({ spec }) => ({
    ...spec,
    ...(typeof spec.who === "object" ? { who: asFacts(spec.who) } : {}),
    ...(spec.unless === undefined ? {} : { unless: asFacts(spec.unless) }),
  }));
  const at = rules.map(({ name }) => name.at);
  return { ...compilePolicy(specs, at), facts };
}

function asFacts(conditions: Conditions): Conditions {
  if (conditions.claims === undefined) return conditions;
  const facts = Object.entries(conditions.claims).map(
    ([name, values]) => [`${name} = ${values.join(" or ")}`, [HOLDS]] as const,
  );
  return { ...conditions, claims: Object.fromEntries(facts) };
}

/**
 * @param policy - rules of {@link withFactsForClaims}
 * @param question - what is asked, by somebody of whom name, realm, kind and address are known
 * @param name - the repository's name
 * @returns facts that the answer can depend on
 */
export function factsAsked(policy: Policy, question: Question, name: SplitName): readonly Fact[] {
  const { directory } = question.facts;
  const candidates = policy.about(question.action, question.repository);
  return candidates.flatMap(({ rule, globs }) => {
    const bindings = globs.map((glob) => bindingsOf(glob, name)).filter((one) => one !== null);
    if (bindings.length === 0 || isRuledOut(rule, question)) return [];
    const templates = bindings.flatMap((values) =>
      Object.entries(values).flatMap(([variable, value]) =>
        (value === null ? name.components : [value]).flatMap((one) =>
          factOf(variable, one, directory),
        ),
      ),
    );
    const asked = [rule.spec.who, rule.spec.unless];
    return [
      ...templates,
      ...asked.flatMap((who) => [...factsIn(who), ...teamsBehind(who, question)]),
    ];
  });
}

/** By what is on record alone. */
function isRuledOut({ spec: { who, effect } }: Rule, question: Question): boolean {
  const known = typeof who === "string" ? who : pickKnown(who);
  return whoConditions(known, effect).some((one) => one.holds(question) === false);
}

function pickKnown({ kinds, addresses, realms, uids }: Conditions): Conditions {
  return { kinds, addresses, realms, uids };
}

function factOf(variable: string, value: string, directory: Directory): Fact[] {
  if (variable === "team") return [{ kind: "team", name: value }];
  const teams = teamsNamed(variable, value, directory);
  if (teams !== null) return teams.map(teamFact);
  const claim = /^claim\.(.+)$/.exec(variable)?.[1];
  return claim === undefined ? [] : [{ kind: "claim", name: claim, value }];
}

function factsIn(who: RuleSpec["who"] | undefined): Fact[] {
  if (typeof who !== "object") return [];
  const { teams = [], scopes = {}, claims = {} } = who;
  return [
    ...teams.map((name) => ({ kind: "team", name }) as const),
    ...[...(scopes.anyOf ?? []), ...(scopes.allOf ?? [])].map(
      (name) => ({ kind: "scope", name }) as const,
    ),
    ...Object.keys(claims).map((name) => ({ kind: "claim", name, value: HOLDS }) as const),
  ];
}

function teamsBehind(who: RuleSpec["who"] | undefined, question: Question): Fact[] {
  return typeof who === "object" ? teamsAsked(who, question).map(teamFact) : [];
}

function teamFact(name: string): Fact {
  return { kind: "team", name };
}

/**
 * @param asker - who asked
 * @param facts - what holds of them besides
 * @returns them, as the policy is asked
 */
export function askerWith({ uid, realm, kind }: NamedAsker, facts: readonly Fact[]): Subject {
  const named = (wanted: Fact["kind"]) =>
    facts.filter((fact) => fact.kind === wanted).map(({ name }) => name);
  const claims: Record<string, string[]> = {};
  for (const fact of facts)
    if (fact.kind === "claim") claims[fact.name] = [...(claims[fact.name] ?? []), fact.value];
  return {
    identity: { uid, realm, kind, scopes: named("scope"), claims, limits: NO_LIMITS },
    teams: named("team"),
  };
}

/**
 * @param fact - something about somebody
 * @returns it in words
 */
export function factInWords(fact: Fact): string {
  if (fact.kind !== "claim") return `${fact.kind} ${fact.name}`;
  return fact.value === HOLDS ? `claim ${fact.name}` : `claim ${fact.name} = ${fact.value}`;
}
