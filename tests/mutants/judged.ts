/** A guard that nobody can notice, and why that is right. */
export interface Judged {
  readonly file: string;
  /** What is taken out, as `npm run mutants -- --list` shows it. */
  readonly text: string;
  readonly reason: string;
}

const WORDS = "chooses words of a reason, not the answer";
const SPEED = "saves time: what it passes over would not fit or not match";
const UNREACHABLE =
  "cannot come to pass: it stands for the compiler, or fails loudly in place of silently";

/** Guards with one reason in common. */
function all(file: string, reason: string, texts: readonly string[]): Judged[] {
  return texts.map((text) => ({ file, text, reason }));
}

export const JUDGED: readonly Judged[] = [
  ...all("access-policy/src/conditions.ts", WORDS, ['action === "manage"']),
  ...all(
    "access-policy/src/conditions.ts",
    'the word "anyone" has no conditions as an object either',
    ['who === "anyone"'],
  ),
  ...all("access-policy/src/decide.ts", UNREACHABLE, ["deciding === undefined"]),
  ...all("access-policy/src/evaluate.ts", WORDS, ["decision.rule !== null"]),
  ...all("access-policy/src/everywhere.ts", SPEED, [
    "prefix.startsWith(glob.prefix) || glob.prefix.startsWith(prefix)",
    "automaton.start.length > 0",
  ]),
  ...all("access-policy/src/everywhere.ts", WORDS, ["decision.allow === false"]),
  ...all("access-policy/src/explain.ts", UNREACHABLE, ['decision.allow === "teams-needed"']),
  ...all("access-policy/src/glob-match.ts", SPEED, [
    "!canFit(pattern, name.text)",
    "!canFit(pattern, text)",
    "text.startsWith(prefix)",
    "text.endsWith(suffix)",
    "text.length >= shortest",
  ]),
  ...all(
    "access-policy/src/glob-match.ts",
    "a component of a legal name is one, so a value that is none never equals it",
    ["isComponent(text)"],
  ),
  ...all("access-policy/src/glob.ts", WORDS, [
    'components.slice(0, place).includes("**")',
    "place === -1",
    'place === -1 || components.slice(0, place).includes("**")',
  ]),
  ...all("access-policy/src/repository-values.ts", WORDS, [
    "matchesName(candidate, question.name)",
    "question.name !== null",
    "question.name !== null && matchesName(candidate, question.name)",
    'variables.includes("team")',
  ]),
  ...all("access-policy/src/repository-values.ts", UNREACHABLE, ["name !== null"]),
  ...all(
    "access-policy/src/repository-values.ts",
    "teams that are known give the same values both times, so what did not fit does not fit",
    ["teams === null"],
  ),
  ...all(
    "access-policy/src/repository-values.ts",
    "asks for teams where the answer could be had without them, and it is the same with them",
    ["globs.some((glob) => fits(glob, question, values))"],
  ),
  ...all("access-policy/src/rule-index.ts", SPEED, [
    "!rule.actions.has(action)",
    "[ANY, namespace].includes(namespaceOf(glob))",
    "globs.length > 0 || rule.globs.length === 0",
  ]),
  ...all("access-policy/src/search-names.ts", SPEED, [
    "after.length === 0",
    "states.length === 0",
    "!told.has(c)",
    "first === undefined",
    "limits === null",
    "node.limits.some(({ index, states }) => limits[index]?.acceptsAll(states) === true)",
  ]),
  ...all("access-policy/src/template.ts", WORDS, ['identity.uid === ""']),
  ...all("service-kit/src/http/client-facts.ts", UNREACHABLE, ["text === undefined"]),
  ...all("gateway/src/api/pull-target.ts", "what is no list has no parts that pass below", [
    "Array.isArray(parsed)",
  ]),
  ...all(
    "token-server/src/identity/ldap/filter.ts",
    "says which part of the filter is wrong; without it the parser refuses it",
    ["filter === null"],
  ),
  ...all(
    "token-server/src/identity/oidc/jwt-form.ts",
    "spread into an object, what is none has neither alg nor iss",
    ['typeof value === "object"', 'typeof value === "object" && value !== null', "value !== null"],
  ),
  ...all("token-server/src/limits/limit-report.ts", WORDS, [
    'reason === "account"',
    'reason === "undecided"',
    "credentials < MOST_CREDENTIALS",
  ]),
  ...all("token-server/src/policy/load.ts", UNREACHABLE, [
    "!isSeq(rules)",
    "isMap(contents)",
    "isMap(item)",
  ]),
  ...all("token-server/src/token/decide-grant.ts", UNREACHABLE, ['second === "teams-needed"']),
];

/**
 * @param file - module of a guard
 * @param text - what is taken out
 * @returns why nobody can notice; `null` where somebody has to
 */
export function judgementOf({ file, text }: { file: string; text: string }): string | null {
  return JUDGED.find((judged) => judged.file === file && judged.text === text)?.reason ?? null;
}
