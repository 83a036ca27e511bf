import type { Conditions, RuleSpec } from "./rule.js";

/** What of a rule is compared: all that it says, in the order in which it is told. */
const SAID = {
  effect: ({ effect }) => effect,
  actions: ({ actions }) => listed(actions),
  repositories: ({ repositories }) => listed(repositories),
  namespaces: ({ namespaces }) => listed(namespaces),
  who: ({ who }) => (typeof who === "object" ? conditionsInWords(who) : who),
  unless: ({ unless }) => (unless === undefined ? "" : conditionsInWords(unless)),
  message: ({ message }) => quoted(message),
  description: ({ description }) => quoted(description),
} as const satisfies Record<keyof Omit<RuleSpec, "id">, (rule: RuleSpec) => string>;

/** Where a rule stands that is the first. */
const AT_THE_BEGINNING = "at the beginning";

/**
 * Tells two policies apart as people read them.
 *
 * @param before - rules that were in force
 * @param after - rules that came into force
 * @returns a sentence for each thing that differs, by the order of the rules; none: they say the same
 */
export function policyDifference(
  before: readonly RuleSpec[],
  after: readonly RuleSpec[],
): readonly string[] {
  const known = new Map(before.map((rule) => [rule.id, rule]));
  const kept = new Set(after.map(({ id }) => id));
  const moved = movedRules(before, after);
  const gone = before.filter(({ id }) => !kept.has(id));
  return [
    ...gone.map((rule) => `rule ${rule.id} removed: ${ruleInWords(rule)}`),
    ...after.flatMap((rule, index) => {
      const was = known.get(rule.id);
      const place = placeOf(after, index);
      if (was === undefined) return [`rule ${rule.id} added ${place}: ${ruleInWords(rule)}`];
      const change = moved.has(rule.id) ? [`rule ${rule.id} moved, now ${place}`] : [];
      return [...change, ...ruleDifference(was, rule)];
    }),
  ];
}

/**
 * @param rule - a rule
 * @returns all that it says, in one line
 */
export function ruleInWords(rule: RuleSpec): string {
  const { effect, actions, repositories, namespaces, who, unless } = SAID;
  const of = [
    ["repositories", repositories(rule)],
    ["namespaces", namespaces(rule)],
    ["who", who(rule)],
    ["unless", unless(rule)],
  ].flatMap(([key = "", said = ""]) => (said === "" ? [] : [`${key} ${said}`]));
  return [`${effect(rule)} ${actions(rule)}`, ...of].join("; ");
}

function ruleDifference(before: RuleSpec, after: RuleSpec): string[] {
  return Object.entries(SAID).flatMap(([key, say]) => {
    const [was, is] = [say(before), say(after)];
    return was === is ? [] : [`rule ${after.id}: ${key} ${was || "none"} → ${is || "none"}`];
  });
}

/** The first rule that matches decides, so an order is a part of what a policy says. */
function placeOf(rules: readonly RuleSpec[], index: number): string {
  const above = rules[index - 1];
  return above === undefined ? AT_THE_BEGINNING : `behind ${above.id}`;
}

/** Of the rules that both have: as few as have to be moved to get from one order to the other. */
function movedRules(before: readonly RuleSpec[], after: readonly RuleSpec[]): ReadonlySet<string> {
  const places = new Map(before.map(({ id }, index) => [id, index]));
  const common = after.flatMap(({ id }) => {
    const place = places.get(id);
    return place === undefined ? [] : [{ id, place }];
  });
  const inOrder = longestAscending(common.map(({ place }) => place));
  return new Set(common.flatMap(({ id }, index) => (inOrder.has(index) ? [] : [id])));
}

/** @returns indexes of a longest sequence that ascends; by patience sorting, since a policy may have 5,000 rules */
function longestAscending(numbers: readonly number[]): ReadonlySet<number> {
  /** For each length the index at which a sequence of that length ends lowest. */
  const ends: number[] = [];
  const previous: (number | undefined)[] = [];
  const at = (index: number | undefined) => (index === undefined ? -1 : (numbers[index] ?? -1));
  numbers.forEach((number, index) => {
    let [low, high] = [0, ends.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(ends[middle]) < number) low = middle + 1;
      else high = middle;
    }
    previous[index] = ends[low - 1];
    ends[low] = index;
  });
  const found = new Set<number>();
  for (let index = ends.at(-1); index !== undefined; index = previous[index]) found.add(index);
  return found;
}

/**
 * @param conditions - what has to be known of whoever asks
 * @returns it in words
 */
export function conditionsInWords({ claims, scopes, ...lists }: Conditions): string {
  const plain = Object.entries(lists).map(([key, values]) => [key, values] as const);
  const ofClaims = Object.entries(claims ?? {}).map(([name, values]) => {
    return [`claim ${name}`, values] as const;
  });
  const ofScopes = [
    ["any of the scopes", scopes?.anyOf],
    ["all of the scopes", scopes?.allOf],
  ] as const;
  return [...plain, ...ofScopes, ...ofClaims]
    .filter(([, values]) => values !== undefined)
    .map(([key, values]) => `${key} ${listed(values)}`)
    .sort()
    .join(" and ");
}

/** What a list says does not go by its order. */
function listed(values: readonly string[] | undefined): string {
  return [...(values ?? [])].sort().join(", ");
}

function quoted(text: string | undefined): string {
  return text === undefined ? "" : JSON.stringify(text);
}
