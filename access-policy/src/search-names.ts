import type { Automaton, States } from "./glob-automaton.js";
import { stepGrammar, type GrammarState } from "./name-grammar.js";
import type { Effect } from "./rule.js";

/** A pattern of a rule, in the order of the rules: the first that fits a name decides. */
export interface OrderedPatterns {
  readonly effect: Effect;
  readonly automaton: Automaton;
}

/** What decides about names. */
export interface Deciding {
  readonly rules: readonly OrderedPatterns[];
  /** One of them has to fit as well; `null`: none has to. */
  readonly limits: readonly Automaton[] | null;
}

/** All texts that lead to the same states are the same to every pattern: one of them stands for them all. */
interface Node {
  readonly text: string;
  readonly grammar: GrammarState;
  readonly glob: States;
  /** By index; those with no states left have none here. */
  readonly rules: readonly Live[];
  readonly limits: readonly Live[];
}

/** A pattern that can still fit, and how far it has come. */
interface Live {
  readonly index: number;
  readonly states: States;
}

const MOST_CHARACTERS = 255;
/** States that are looked at before it counts as not to be told: some tens of milliseconds. */
const MOST_STEPS = 400_000;
const LETTERS = "xabcdefghijklmnopqrstuvwyz0123456789".split("");

/**
 * Looks for a repository name that fits a pattern and is not allowed, among all names there can be, the shortest
 * first.
 *
 * @param glob - the pattern
 * @param deciding - the rules in order, and limits
 * @returns the name; `none` when it is proven that there is none, `unknown` when the search takes too long
 */
export function findRepository(
  glob: Automaton,
  deciding: Deciding,
): { readonly name: string } | "none" | "unknown" {
  const limits = deciding.limits ?? [];
  const alphabet = alphabetOf([glob, ...deciding.rules.map((rule) => rule.automaton), ...limits]);
  let level = [
    trim(deciding, {
      text: "",
      grammar: "component",
      glob: glob.start,
      rules: deciding.rules.map(({ automaton }, index) => ({ index, states: automaton.start })),
      limits: limits.map(({ start }, index) => ({ index, states: start })),
    }),
  ];
  const seen = new Set<string>();
  let steps = 0;
  for (let length = 0; length <= MOST_CHARACTERS && level.length > 0; length += 1) {
    const next: Node[] = [];
    for (const node of level) {
      if (node.grammar === "name" && glob.accepts(node.glob) && !isAllowed(deciding, node))
        return { name: node.text };
      const width = widthOf(node);
      for (const character of alphabet) {
        steps += width;
        if (steps > MOST_STEPS) return "unknown";
        const after = stepNode(glob, deciding, node, character);
        if (after === null || isSettled(deciding, after)) continue;
        const key = keyOf(after);
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(after);
      }
    }
    level = next;
  }
  return "none";
}

/** Characters that no pattern tells apart are one: the first of them stands for the others. */
function alphabetOf(automata: readonly Automaton[]): string[] {
  const told = new Set(automata.flatMap(({ characters }) => [...characters]));
  const other = LETTERS.find((letter) => !told.has(letter));
  return [
    ...(other === undefined ? [] : [other]),
    ...told,
    ...[".", "_", "-"].filter((c) => !told.has(c)),
  ];
}

function stepNode(glob: Automaton, deciding: Deciding, node: Node, character: string): Node | null {
  const grammar = stepGrammar(node.grammar, character);
  if (grammar === null) return null;
  const states = glob.step(node.glob, character);
  if (states.length === 0) return null;
  const stepAll = (live: readonly Live[], automatonOf: (index: number) => Automaton | undefined) =>
    live.flatMap(({ index, states: before }) => {
      const after = automatonOf(index)?.step(before, character) ?? [];
      return after.length === 0 ? [] : [{ index, states: after }];
    });
  return trim(deciding, {
    text: node.text + character,
    grammar,
    glob: states,
    rules: stepAll(node.rules, (index) => deciding.rules[index]?.automaton),
    limits: stepAll(node.limits, (index) => deciding.limits?.[index]),
  });
}

/** Behind a pattern that fits whatever follows, no other gets its turn. */
function trim({ rules }: Deciding, node: Node): Node {
  const last = node.rules.findIndex(
    ({ index, states }) => rules[index]?.automaton.acceptsAll(states) === true,
  );
  return last === -1 ? node : { ...node, rules: node.rules.slice(0, last + 1) };
}

/** Whether everything that begins so is allowed. */
function isSettled({ rules, limits }: Deciding, node: Node): boolean {
  const [first] = node.rules;
  const rule = first === undefined ? undefined : rules[first.index];
  if (first === undefined || rule?.effect !== "allow") return false;
  if (!rule.automaton.acceptsAll(first.states)) return false;
  return (
    limits === null ||
    node.limits.some(({ index, states }) => limits[index]?.acceptsAll(states) === true)
  );
}

function isAllowed({ rules, limits }: Deciding, node: Node): boolean {
  const deciding = node.rules.find(
    ({ index, states }) => rules[index]?.automaton.accepts(states) === true,
  );
  if (deciding === undefined || rules[deciding.index]?.effect !== "allow") return false;
  return (
    limits === null ||
    node.limits.some(({ index, states }) => limits[index]?.accepts(states) === true)
  );
}

function widthOf({ glob, rules, limits }: Node): number {
  return [...rules, ...limits].reduce((sum, { states }) => sum + states.length, glob.length);
}

function keyOf({ grammar, glob, rules, limits }: Node): string {
  const text = (live: readonly Live[]) =>
    live.map(({ index, states }) => `${index}:${states.join(",")}`).join(";");
  return `${grammar}|${glob.join(",")}|${text(rules)}|${text(limits)}`;
}
