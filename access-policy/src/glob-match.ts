import { isComponent, type Component, type Glob, type Token } from "./glob.js";

/** A repository name that is held against many globs. */
export interface SplitName {
  readonly text: string;
  readonly components: readonly string[];
  /** What was found out about it already, by what it was held against. */
  readonly fitting: Map<object, boolean>;
}

/** Values of a template; `null` when they are not known, so that any component may fit. */
export type Values = (variable: string) => ReadonlySet<string> | null;

type Wild = Extract<Token, { wild: string }>["wild"];

const ANY_VALUE: Values = () => null;
const SLASH = "/".charCodeAt(0);

/**
 * @param text - a repository name
 * @returns it, split once
 */
export function splitName(text: string): SplitName {
  return { text, components: text.split("/"), fitting: new Map() };
}

/**
 * @param pattern - a glob
 * @param text - a text
 * @param values - values of the templates; a value that is no legal path component never fits
 * @returns whether the whole text fits, in time bounded by the glob's length times that of the text
 */
export function matchesGlob(pattern: Glob, text: string, values: Values = ANY_VALUE): boolean {
  if (!canFit(pattern, text)) return false;
  if (pattern.components !== null)
    return matchesComponents(pattern.components, text.split("/"), values);
  if (pattern.pieces !== null) return fitsStars(pattern.pieces, text);
  return matchesTokens(pattern.tokens, text);
}

/**
 * The same for a repository name that is held against many globs and was split once.
 *
 * @param pattern - a glob over repository names
 * @param name - the name
 * @param values - values of the templates
 * @returns whether it fits
 */
export function matchesName(pattern: Glob, name: SplitName, values: Values = ANY_VALUE): boolean {
  if (!canFit(pattern, name.text)) return false;
  return matchesComponents(pattern.components ?? [], name.components, values);
}

/**
 * @param name - a repository name
 * @param owner - what the globs belong to, and by which the answer is remembered
 * @param globs - globs over repository names
 * @returns whether it fits one of them, whatever templates stand for
 */
export function fitsAny(name: SplitName, owner: object, globs: readonly Glob[]): boolean {
  const known = name.fitting.get(owner);
  if (known !== undefined) return known;
  const fitting = globs.some((glob) => matchesName(glob, name));
  name.fitting.set(owner, fitting);
  return fitting;
}

function canFit({ prefix, suffix, shortest }: Glob, text: string): boolean {
  return text.length >= shortest && text.startsWith(prefix) && text.endsWith(suffix);
}

/** Of the ways to match, the one that takes the fewest components for each `**` is as good as any. */
function matchesComponents(
  pattern: readonly Component[],
  name: readonly string[],
  values: Values,
): boolean {
  let [at, next] = [0, 0];
  let retry: { at: number; next: number } | null = null;
  while (at < name.length) {
    const component = pattern[next];
    if (component?.kind === "directories") {
      next += 1;
      retry = { at, next };
    } else if (component !== undefined && fits(component, name[at] ?? "", values)) {
      at += 1;
      next += 1;
    } else if (retry === null) return false;
    else {
      retry = { at: retry.at + 1, next: retry.next };
      ({ at, next } = retry);
    }
  }
  while (pattern[next]?.kind === "directories") next += 1;
  return next === pattern.length;
}

function fits(component: Component, text: string, values: Values): boolean {
  switch (component.kind) {
    case "exact":
      return component.text === text;
    case "starred":
      return fitsStars(component.parts, text);
    case "variable": {
      const known = values(component.variable);
      return known === null || (known.has(text) && isComponent(text));
    }
    case "directories":
      return false;
  }
}

/** The first part begins the text, the last ends it; those between are found as early as they can be. */
function fitsStars(parts: readonly string[], text: string): boolean {
  const [first = ""] = parts;
  const last = parts[parts.length - 1] ?? "";
  const end = text.length - last.length;
  if (first.length > end || !text.startsWith(first) || !text.endsWith(last)) return false;
  let at = first.length;
  for (let index = 1; index < parts.length - 1; index += 1) {
    const part = parts[index] ?? "";
    const found = text.indexOf(part, at);
    if (found === -1 || found + part.length > end) return false;
    at = found + part.length;
  }
  return true;
}

/** Follows all ways to match at once, so that nothing is tried twice: one pass over the text for each token. */
function matchesTokens(tokens: readonly Token[], text: string): boolean {
  let reached = new Uint8Array(text.length + 1);
  reached[0] = 1;
  for (const token of tokens) {
    const after = new Uint8Array(text.length + 1);
    if (typeof token === "string") afterText(reached, token, { text, after });
    else if ("wild" in token) afterWild(reached, token.wild, { text, after });
    reached = after;
  }
  return reached[text.length] === 1;
}

/** Where a match can be; filled in. */
interface Step {
  readonly text: string;
  readonly after: Uint8Array;
}

function afterText(reached: Uint8Array, token: string, { text, after }: Step): void {
  const first = token.charCodeAt(0);
  const last = text.length - token.length;
  for (let at = reached.indexOf(1); at !== -1 && at <= last; at += 1)
    if (reached[at] === 1 && text.charCodeAt(at) === first && text.startsWith(token, at))
      after[at + token.length] = 1;
}

function afterWild(reached: Uint8Array, wild: Wild, { text, after }: Step): void {
  const first = reached.indexOf(1);
  if (first === -1) return;
  if (wild !== "within") {
    after.fill(1, first);
    return;
  }
  let open = 0;
  for (let at = first; at < after.length; at += 1) {
    if (reached[at] === 1) open = 1;
    else if (text.charCodeAt(at - 1) === SLASH) open = 0;
    after[at] = open;
  }
}
