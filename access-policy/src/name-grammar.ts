/** Where in the grammar of repository names a text has come to; `null`: no name begins so. */
export type GrammarState = "component" | "name" | "dot" | "underscore" | "underscores" | "dashes";

/**
 * The grammar of `registry-protocol/src/repository-name.ts`, character by character.
 *
 * @param state - where the text so far has come to; `component` at the beginning
 * @param character - one more
 * @returns where it comes to, `null` when no name begins so
 */
export function stepGrammar(state: GrammarState, character: string): GrammarState | null {
  if (/^[a-z0-9]$/.test(character)) return "name";
  switch (character) {
    case "/":
      return state === "name" ? "component" : null;
    case ".":
      return state === "name" ? "dot" : null;
    case "-":
      return state === "name" || state === "dashes" ? "dashes" : null;
    case "_":
      if (state === "name") return "underscore";
      return state === "underscore" ? "underscores" : null;
    default:
      return null;
  }
}
