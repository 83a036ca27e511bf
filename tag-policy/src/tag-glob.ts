import picomatch from "picomatch";

/** Longer patterns and more stars say nothing that shorter ones do not, and cost time on every push. */
const MOST_CHARACTERS = 128;
const MOST_STARS = 3;
const CHARACTERS = /^[A-Za-z0-9_.*?{},-]+$/;
const BRACES = /^(?:[^{},]|\{[^{}]+\})*$/;

/**
 * @param text - a pattern over tags: `*` is anything, `?` one character, `{a,b}` either
 * @returns what is wrong with it, or `null`
 */
export function tagGlobFault(text: string): string | null {
  if (text === "" || text.length > MOST_CHARACTERS)
    return `a pattern has 1 to ${MOST_CHARACTERS} characters`;
  if (!CHARACTERS.test(text))
    return `"${text}" can match no tag (letters, digits, _ . - and the wildcards * ? {a,b} alone)`;
  if (!BRACES.test(text) || /\{[^}]*\.\.[^}]*\}/.test(text))
    return "braces hold alternatives split by commas, {a,b}, and no other braces";
  if (text.includes("**")) return "one * is enough: tags have no slashes";
  if ((text.match(/\*/g) ?? []).length > MOST_STARS) return `at most ${MOST_STARS} stars`;
  return null;
}

/**
 * @param patterns - patterns in which {@link tagGlobFault} finds nothing
 * @returns whether a tag fits any of them; upper and lower case differ
 */
export function tagMatcher(patterns: readonly string[]): (tag: string) => boolean {
  // Of the library's language only what is documented: a tag pattern has no negation and no classes.
  const options = { dot: true, nonegate: true, noextglob: true, nobracket: true, posix: false };
  const matchers = patterns.map((pattern) => picomatch(pattern, options));
  return (tag) => matchers.some((matches) => matches(tag));
}
