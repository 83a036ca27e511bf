import { isComponent, type Glob, type Token } from "./glob.js";
import type { Values } from "./glob-match.js";

/** States that a text can have led to, in ascending order. */
export type States = readonly number[];

/** A glob as a finite automaton, for questions about all texts at once. */
export interface Automaton {
  readonly start: States;
  /** @returns the states after one more character; none when no text that begins so fits */
  step(states: States, character: string): States;
  /** @returns whether the text so far fits */
  accepts(states: States): boolean;
  /** @returns whether the text so far fits, whatever may follow; `false` also where that cannot be told easily */
  acceptsAll(states: States): boolean;
  /** Characters that it tells from others. */
  readonly characters: ReadonlySet<string>;
}

interface State {
  /** A character, or which ones: {@link ANY}, or {@link WITHIN}: all but the slash. */
  readonly on: string;
  readonly to: States;
}

const ANY = "any";
const WITHIN = "within";
const ACCEPTING: State = { on: "", to: [] };

/**
 * @param glob - a glob over repository names
 * @param values - values of its templates; a value that is no legal path component never fits
 * @returns the automaton of exactly the texts that `matchesGlob` says fit
 */
export function globAutomaton(glob: Glob, values: Values): Automaton {
  const states: State[] = [ACCEPTING];
  const endless = new Set<number>();
  const characters = new Set<string>(["/"]);
  const add = (on: string, to: States): number => states.push({ on, to }) - 1;
  /** The state stays, or goes on as those of `next` do. */
  const loop = (on: string, next: States): States => {
    const index = states.length;
    const both = [...next, index];
    states.push({ on, to: both });
    return both;
  };
  const literal = (text: string, next: States): States => {
    let entry = next;
    for (const character of text.split("").reverse()) {
      characters.add(character);
      entry = [add(character, entry)];
    }
    return entry;
  };
  const before = (token: Token, next: States): States => {
    if (typeof token === "string") return literal(token, next);
    if ("variable" in token)
      return [...(values(token.variable) ?? [])]
        .filter(isComponent)
        .flatMap((value) => literal(value, next));
    if (token.wild === "within") return loop(WITHIN, next);
    if (token.wild === "across") {
      const entry = loop(ANY, next);
      if (next.includes(0)) endless.add(states.length - 1);
      return entry;
    }
    const skipping = states.length;
    states.push({ on: ANY, to: [skipping] }, { on: "/", to: next });
    states[skipping] = { on: ANY, to: [skipping, skipping + 1] };
    return [...next, skipping, skipping + 1];
  };
  const start = glob.tokens.reduceRight<States>((next, token) => before(token, next), [0]);
  return {
    start: sorted(start),
    characters,
    accepts: (reached) => reached.includes(0),
    acceptsAll: (reached) => reached.some((state) => endless.has(state)),
    step: (reached, character) => {
      const after: number[] = [];
      for (const index of reached) {
        const state = states[index] ?? ACCEPTING;
        if (state.on === character || isWild(state.on, character)) after.push(...state.to);
      }
      return after.length < 2 ? after : sorted(after);
    },
  };
}

function isWild(on: string, character: string): boolean {
  return on === ANY || (on === WITHIN && character !== "/");
}

function sorted(states: States): States {
  return [...new Set(states)].sort((one, other) => one - other);
}
