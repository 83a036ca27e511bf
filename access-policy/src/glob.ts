import { isRepositoryName } from "#registry-protocol/repository-name.js";

/** A glob that cannot be used; the message says what is wrong with it. */
export class GlobError extends Error {
  override readonly name = "GlobError";
}

/** Part of a glob: literal text, a wildcard, or the name of a template. */
export type Token =
  string | { readonly wild: "within" | "across" | "directories" } | { readonly variable: string };

/** One component of a glob over repository names. */
export type Component =
  | { readonly kind: "exact"; readonly text: string }
  /** What stands between the stars; the first and the last part may be empty. */
  | { readonly kind: "starred"; readonly parts: readonly string[] }
  | { readonly kind: "variable"; readonly variable: string }
  /** Any number of components. */
  | { readonly kind: "directories" };

/** A glob, ready to be matched in time proportional to its length times that of the text. */
export interface Glob {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** Of a glob that can be held against a text slash by slash; `null` of one over any text with `**` in it. */
  readonly components: readonly Component[] | null;
  /** What stands between the wildcards of a glob over any text, where all of them are `**`; else `null`. */
  readonly pieces: readonly string[] | null;
  /** What every text that fits begins and ends with: most texts are told apart by it. */
  readonly prefix: string;
  readonly suffix: string;
  /** Length of the shortest text that fits. */
  readonly shortest: number;
  /** Names of the templates in it. */
  readonly variables: readonly string[];
}

/** More say nothing that fewer do not, and cost time at every question. */
export const MOST_STARS = 3;
const MAX_LENGTH = 512;
const VARIABLE = /^\$\{([^{}]*)\}$/;
const COMPONENT_TEXT = /^[a-z0-9._*-]+$/;
const WITHIN: Token = { wild: "within" };
const ANY_ONE: Component = { kind: "starred", parts: ["", ""] };
const ACROSS: Token = { wild: "across" };

/**
 * Reads a glob over repository names: `*` is any part of one path component, `**` as a component of
 * its own any number of components (as the last one: everything below), `${…}` a whole component.
 *
 * @param text - the glob
 * @returns it, ready to match
 * @throws GlobError
 */
export function repositoryGlob(text: string): Glob {
  if (text === "" || text.length > MAX_LENGTH)
    throw new GlobError(`a pattern has 1 to ${MAX_LENGTH} characters`);
  const components = splitComponents(text);
  const last = components.length - 1;
  const tokens = components.flatMap((component, index): Token[] => {
    if (component === "**") return index === last ? [ACROSS] : [{ wild: "directories" }];
    const read = componentTokens(component);
    return index === last ? read : [...read, "/"];
  });
  return glob(text, tokens, components.flatMap(readComponent));
}

/**
 * Reads a glob over any text: `*` stops at a slash, `**` does not, everything else is itself.
 *
 * @param text - the glob
 * @returns it, ready to match
 */
export function textGlob(text: string): Glob {
  const parts = text.split(/(\*+)/);
  const tokens = parts.map((part) =>
    part === "*" ? WITHIN : part.startsWith("**") ? ACROSS : part,
  );
  if (!tokens.includes(ACROSS)) return glob(text, tokens, text.split("/").map(plainComponent));
  const pieces = tokens.includes(WITHIN) ? null : text.split(/\*+/);
  return { ...glob(text, tokens, null), pieces };
}

/**
 * @param pattern - a glob over repository names
 * @param variable - a template in it
 * @param name - a repository name that fits
 * @returns the component of the name at the template's place; `null` where `**` hides which it is
 */
export function componentAt(pattern: Glob, variable: string, name: string): string | null {
  const components = splitComponents(pattern.text);
  const place = components.indexOf(`\${${variable}}`);
  if (place === -1 || components.slice(0, place).includes("**")) return null;
  return name.split("/")[place] ?? null;
}

/**
 * @param pattern - a glob as it is written
 * @returns how many stars are in it; `**` is one
 */
export function starsIn(pattern: string): number {
  return pattern.match(/\*+/g)?.length ?? 0;
}

/**
 * @param pattern - a glob over any text, as it is written
 * @returns whether it has both kinds of stars, which takes longer to match than one of them
 */
export function mixesStars(pattern: string): boolean {
  const stars = new Set(pattern.match(/\*+/g)?.map((found) => found.length > 1));
  return stars.size === 2;
}

/**
 * @param value - value of a template
 * @returns whether it can stand for one component of a repository name, so that it can bring in
 *   neither a slash nor a wildcard
 */
export function isComponent(value: string): boolean {
  return isRepositoryName(value) && !value.includes("/");
}

function glob(
  text: string,
  tokens: readonly Token[],
  components: readonly Component[] | null,
): Glob {
  const merged: Token[] = [];
  for (const token of tokens.filter((candidate) => candidate !== "")) {
    const before = merged.at(-1);
    if (typeof token === "string" && typeof before === "string")
      merged[merged.length - 1] = before + token;
    else merged.push(token);
  }
  const variables = merged.flatMap((token) =>
    typeof token === "object" && "variable" in token ? [token.variable] : [],
  );
  const [first = ""] = merged;
  const last = merged.at(-1) ?? "";
  return {
    text,
    tokens: merged,
    components,
    pieces: null,
    prefix: typeof first === "string" ? first : "",
    suffix: typeof last === "string" ? last : "",
    shortest: merged.reduce((sum, token) => sum + shortestOf(token), 0),
    variables,
  };
}

function shortestOf(token: Token): number {
  if (typeof token === "string") return token.length;
  return "variable" in token ? 1 : 0;
}

/** The slashes inside `${claim.kubernetes.io/namespace}` part nothing. */
function splitComponents(text: string): string[] {
  return text.match(/(?:\$\{[^{}]*\}|[^/])+|(?<=\/|^)(?=\/|$)/g) ?? [];
}

function readComponent(text: string, index: number, all: readonly string[]): Component[] {
  // As the last one it is everything below: one component or more.
  if (text === "**" && index === all.length - 1) return [ANY_ONE, { kind: "directories" }];
  if (text === "**") return [{ kind: "directories" }];
  const variable = VARIABLE.exec(text)?.[1];
  if (variable !== undefined) return [{ kind: "variable", variable }];
  return [plainComponent(text)];
}

function plainComponent(text: string): Component {
  return text.includes("*")
    ? { kind: "starred", parts: text.split(/\*+/) }
    : { kind: "exact", text };
}

function componentTokens(component: string): Token[] {
  const variable = VARIABLE.exec(component)?.[1];
  if (variable !== undefined) return [{ variable }];
  if (component.includes("${"))
    throw new GlobError("a template such as ${team} stands alone between slashes");
  if (component === "*") return [WITHIN];
  if (component === "") throw new GlobError("an empty path component matches nothing");
  if (component.includes("**"))
    throw new GlobError("** stands alone between slashes; within a component use *");
  if (!COMPONENT_TEXT.test(component))
    throw new GlobError(
      `"${component}" can be in no repository name (a-z 0-9 . _ - and the wildcards * and ** alone)`,
    );
  // Somewhere a star has to be able to stand for something that makes it a legal name.
  if (!isComponent(component.replaceAll("*", "x")))
    throw new GlobError(`"${component}" can be no part of a repository name`);
  return component.split(/(\*)/).map((part) => (part === "*" ? WITHIN : part));
}
