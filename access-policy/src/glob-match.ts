import { isComponent, type Glob, type Token } from "./glob.js";

/** Values of a template; `null` when they are not known, so that any component may fit. */
export type Values = (variable: string) => readonly string[] | null;

type Wild = Extract<Token, { wild: string }>["wild"];

const ANY_VALUE: Values = () => null;

/**
 * Follows all ways to match at once, so that nothing is ever tried twice: the time is bounded by the glob's length
 * times that of the text, whatever both look like.
 *
 * @param pattern - a glob
 * @param text - a text
 * @param values - values of the templates; a value that is no legal path component never fits
 * @returns whether the whole text fits
 */
export function matchesGlob(pattern: Glob, text: string, values: Values = ANY_VALUE): boolean {
  const { tokens, prefix, suffix, shortest } = pattern;
  if (text.length < shortest || !text.startsWith(prefix) || !text.endsWith(suffix)) return false;
  let reached: readonly number[] = [0];
  for (const [index, token] of tokens.entries()) {
    if (index === tokens.length - 1) return reachesEnd(reached, token, text, values);
    reached = advance(reached, token, text, values);
    if (reached.length === 0) return false;
  }
  return text === "";
}

/** Whether a match that has come to one of `from`, in ascending order, ends with `token`. */
function reachesEnd(from: readonly number[], token: Token, text: string, values: Values): boolean {
  if (typeof token === "string") return from.includes(text.length - token.length);
  if ("variable" in token) return advance(from, token, text, values).includes(text.length);
  const last = from.at(-1) ?? 0;
  switch (token.wild) {
    case "across":
      return true;
    case "within":
      return !text.includes("/", last);
    case "directories":
      return last === text.length || text.endsWith("/");
  }
}

/** Where a match that has come to one of `from` can be after `token`, in ascending order. */
function advance(
  from: readonly number[],
  token: Token,
  text: string,
  values: Values,
): readonly number[] {
  if (typeof token === "string") {
    const after: number[] = [];
    for (const at of from) if (text.startsWith(token, at)) after.push(at + token.length);
    return after;
  }
  if ("variable" in token) return afterVariable(from, text, values(token.variable));
  return afterWild(from, token.wild, text);
}

/** A template stands alone between slashes, so it is the whole component or nothing. */
function afterVariable(
  from: readonly number[],
  text: string,
  known: readonly string[] | null,
): number[] {
  const after: number[] = [];
  for (const at of from) {
    const slash = text.indexOf("/", at);
    const end = slash === -1 ? text.length : slash;
    const component = text.slice(at, end);
    if (known === null || (known.includes(component) && isComponent(component))) after.push(end);
  }
  return after;
}

function afterWild(from: readonly number[], wild: Wild, text: string): number[] {
  const after: number[] = [];
  const first = from[0] ?? 0;
  let next = 0;
  let open = false;
  for (let at = first; at <= text.length; at += 1) {
    const isReached = from[next] === at;
    if (isReached) next += 1;
    const isAfterSlash = at > first && text.charCodeAt(at - 1) === SLASH;
    if (wild === "within") open = isReached || (open && !isAfterSlash);
    else open = wild === "across" || isReached || isAfterSlash;
    if (open) after.push(at);
  }
  return after;
}

const SLASH = "/".charCodeAt(0);
