import { isRepositoryName } from "#registry-protocol/repository-name.js";

/** A glob that cannot be used; the message says what is wrong with it. */
export class GlobError extends Error {
  override readonly name = "GlobError";
}

type Token =
  | string
  | { readonly wild: "within" | "component" | "across" | "directories" }
  | { readonly variable: string };

/** A glob, ready to be matched in time proportional to its length times that of the text. */
export interface Glob {
  readonly text: string;
  readonly tokens: readonly Token[];
  /** What every text that fits begins with: most texts are told apart by it. */
  readonly prefix: string;
  /** Names of the templates in it. */
  readonly variables: readonly string[];
}

/** Values of a template; `null` when they are not known, so that any component may fit. */
export type Values = (variable: string) => readonly string[] | null;

const ANY_VALUE: Values = () => null;
const MAX_LENGTH = 512;
const VARIABLE = /^\$\{([^{}]*)\}$/;
const COMPONENT_TEXT = /^[a-z0-9._*-]+$/;
const WITHIN: Token = { wild: "within" };
const COMPONENT: Token = { wild: "component" };
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
  return glob(text, tokens);
}

/**
 * Reads a glob over any text: `*` stops at a slash, `**` does not, everything else is itself.
 *
 * @param text - the glob
 * @returns it, ready to match
 */
export function textGlob(text: string): Glob {
  const parts = text.split(/(\*+)/);
  return glob(
    text,
    parts.map((part) => (part === "*" ? WITHIN : part.startsWith("**") ? ACROSS : part)),
  );
}

/**
 * @param pattern - a glob
 * @param text - a text
 * @param values - values of the templates; a value that is no legal path component never fits
 * @returns whether the whole text fits
 */
export function matchesGlob(pattern: Glob, text: string, values: Values = ANY_VALUE): boolean {
  if (!text.startsWith(pattern.prefix)) return false;
  let reached: readonly number[] = [0];
  for (const token of pattern.tokens) {
    reached = advance(reached, token, text, values);
    if (reached.length === 0) return false;
  }
  return reached.includes(text.length);
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
 * @param value - value of a template
 * @returns whether it can stand for one component of a repository name, so that it can bring in
 *   neither a slash nor a wildcard
 */
export function isComponent(value: string): boolean {
  return isRepositoryName(value) && !value.includes("/");
}

function glob(text: string, tokens: readonly Token[]): Glob {
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
  return { text, tokens: merged, prefix: typeof first === "string" ? first : "", variables };
}

/** The slashes inside `${claim.kubernetes.io/namespace}` part nothing. */
function splitComponents(text: string): string[] {
  return text.match(/(?:\$\{[^{}]*\}|[^/])+|(?<=\/|^)(?=\/|$)/g) ?? [];
}

function componentTokens(component: string): Token[] {
  const variable = VARIABLE.exec(component)?.[1];
  if (variable !== undefined) return [{ variable }];
  if (component.includes("${"))
    throw new GlobError("a template such as ${team} stands alone between slashes");
  if (component === "*") return [COMPONENT];
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

/** Where a match that has come to one of `from` can be after `token`. */
function advance(from: readonly number[], token: Token, text: string, values: Values): number[] {
  if (typeof token === "string")
    return from.filter((at) => text.startsWith(token, at)).map((at) => at + token.length);
  if ("variable" in token) {
    const known = values(token.variable);
    if (known === null) return advance(from, COMPONENT, text, values);
    return known
      .filter(isComponent)
      .flatMap((value) => advance(from, value, text, values))
      .filter((at, index, all) => all.indexOf(at) === index);
  }
  const first = Math.min(...from);
  switch (token.wild) {
    case "component":
      return from.map((at) => endOfComponent(text, at));
    case "across":
      return positions(first, text, () => true);
    case "directories":
      return positions(first, text, (at) => from.includes(at) || text[at - 1] === "/");
    case "within":
      return withinComponents(new Set(from), first, text);
  }
}

function positions(first: number, text: string, holds: (at: number) => boolean): number[] {
  const reached: number[] = [];
  for (let at = first; at <= text.length; at += 1) if (holds(at)) reached.push(at);
  return reached;
}

function withinComponents(from: ReadonlySet<number>, first: number, text: string): number[] {
  let open = false;
  return positions(first, text, (at) => {
    open = from.has(at) || (open && text[at - 1] !== "/");
    return open;
  });
}

function endOfComponent(text: string, at: number): number {
  const slash = text.indexOf("/", at);
  return slash === -1 ? text.length : slash;
}
