import type { Guard } from "./guard.js";
import { IN_THE_GATEWAY } from "./judged-gateway.js";
import { IN_THE_LEDGER } from "./judged-ledger.js";
import { all, NO_CODE, SPEED, UNREACHABLE, WORDS } from "./judged-places.js";
import { IN_THE_PROTOCOL } from "./judged-protocol.js";
import { IN_THE_RECORD } from "./judged-record.js";
import { IN_THE_RULES } from "./judged-rules.js";

/** A guard that nobody can notice, and why that is right. */
export interface Judged {
  readonly file: string;
  /** What is taken out, as `npm run mutants -- --list` shows it. */
  readonly text: string;
  /** Only in the function of this name; absent: wherever the module has it. */
  readonly within?: string;
  readonly reason: string;
}

/** What is thrown on, or wrapped, when it is an error of another class than any that comes there. */
const OTHER_ERRORS: readonly Judged[] = [
  ["gateway/src/proxy/identify-caller.ts", "!(error instanceof Fault)"],
  ["gateway/src/proxy/identify-caller.ts", "error instanceof Fault"],
  ["token-server/src/api/explain.ts", "!(error instanceof Fault)"],
  ["token-server/src/identity/followed-file.ts", "error instanceof ConfigError"],
  ["token-server/src/identity/ldap/directory.ts", "error instanceof Error"],
  ["token-server/src/identity/safeguards/asked-service.ts", "isUnreachable(error)"],
  ["token-server/src/identity/safeguards/remembered-logins.ts", "error instanceof Fault"],
  ["token-server/src/limits/stored-points.ts", "error instanceof Fault"],
  ["token-server/src/logins/followed-logins.ts", "error instanceof ConfigError"],
  ["token-server/src/routes/told-by-gateway.ts", "error instanceof Error"],
  ["token-server/src/teams/team-service.ts", "isUnavailable(error)"],
  ["token-server/src/token/issue.ts", "!(error instanceof Fault)"],
].map(([file = "", text = ""]) => ({ file, text, reason: UNREACHABLE }));

/** Of two checks each refuses alone: with one of them out, the other one does. */
const TWICE: readonly Judged[] = [
  ...all(
    "service-kit/src/signing/certificate-chain.ts",
    "a list without certificates has no first one",
    ["leaf === undefined", "x5c.length === 0"],
  ),
  ...all(
    "service-kit/src/signing/certificate-chain.ts",
    "OpenSSL's check of who issued it looks at names and at the right to sign certificates, the signature at the key",
    ["issuer.ca", "certificate.checkIssued(issuer)"],
  ),
  ...all(
    "token-server/src/identity/oidc/oidc.ts",
    "the issuer, whose keys are asked, was found by what the same token says in iss",
    ["issuer.issuer"],
  ),
  ...all(
    "token-server/src/identity/oidc/issuer-keys.ts",
    "jose takes nothing else for keys either",
    ["!keySet.success"],
  ),
  ...all(
    "token-server/src/identity/ldap/ldap.ts",
    "a bind without a password is no login in directory.ts either",
    ['password.reveal() === ""'],
  ),
  ...all(
    "token-server/src/identity/ldap/directory.ts",
    "ldap.ts lets no empty password come here, and an entry has a name",
    ['dn === ""', 'dn === "" || password.reveal() === ""', 'password.reveal() === ""'],
  ),
  ...all(
    "token-server/src/identity/htpasswd/htpasswd.ts",
    "nobody knows the password of the dummy",
    ["hash === null"],
  ),
  ...all(
    "token-server/src/token/registry-bounds.ts",
    "what is no text is no name of a team either",
    ['typeof team === "string"'],
  ),
  ...all(
    "token-server/src/token/issue.ts",
    "whoever shows nothing is nobody, who gets none either",
    ['shown.kind === "nobody"'],
  ),
  ...all("token-server/src/robots/robot-source.ts", "nobody knows the secret of the dummy", [
    "robot === null",
  ]),
  ...all(
    "token-server/src/api/caller.ts",
    "whoever has neither a name nor a token is in no team, whoever is asked",
    [
      'login.identity.kind === "anonymous" || login.identity.kind === "unrestricted"',
      'login.identity.kind === "anonymous"',
      'login.identity.kind === "unrestricted"',
    ],
  ),
];

/** Without them the same comes out. */
const EQUAL: readonly Judged[] = [
  ...all("token-server/src/identity/ldap/groups.ts", NO_CODE, ["error instanceof ResultCodeError"]),
  ...all("token-server/src/identity/ldap/groups.ts", UNREACHABLE, ["groups === undefined"]),
  ...all("token-server/src/identity/ldap/entry-values.ts", "what has no name has no range in it", [
    "key === undefined",
  ]),
  ...all(
    "token-server/src/identity/oidc/map-claims.ts",
    "text is of no claim, so none is withheld",
    ['"variable" in part'],
  ),
  ...all("access-policy/src/refuse-repeated.ts", UNREACHABLE, ['typeof entry !== "object"']),
  ...all("gateway/src/pulls/pull-recorder.ts", SPEED, ["tag === null"]),
  ...all("gateway/src/proxy/authorize.ts", "where no right is wanted, none is missing", [
    "required === null",
  ]),
  ...all("token-server/src/api/explain.ts", UNREACHABLE, ['decision.allow === "teams-needed"']),
  ...all("token-server/src/identity/oidc/issuer-keys.ts", UNREACHABLE, [
    'typeof payload === "string"',
  ]),
  ...all("token-server/src/identity/oidc/oidc.ts", "a token has an end, which is asked for", [
    "end === Infinity",
  ]),
  ...all("token-server/src/identity/template.ts", "no value is held against what is no text", [
    '"text" in part',
  ]),
  ...all("token-server/src/limits/right-logins.ts", SPEED, ["known.has(credential)"]),
  ...all("token-server/src/policy/load.ts", "sorts lines, for people", ["0"]),
  ...all("token-server/src/refresh-tokens/list.ts", UNREACHABLE, [
    "createdAt === undefined",
    "id === undefined",
  ]),
  ...all("token-server/src/refresh-tokens/redeem.ts", WORDS, ['part !== ""']),
  ...all("gateway/src/pulls/sql/record-pulls.ts", SPEED, ["is_new"]),
  ...all(
    "token-server/src/logins/create-identity-sources.ts",
    "without a list it may say two realms",
    ["!says"],
  ),
  ...all("token-server/src/robots/manage-robots.ts", "robots are never deleted", [
    "robot === null",
  ]),
  ...all("token-server/src/teams/team-service.ts", "nothing that is known is of any age", [
    "known === undefined",
  ]),
];

export const JUDGED: readonly Judged[] = [
  ...all("access-policy/src/bounds.ts", WORDS, ['identity.uid === ""']),
  ...all("access-policy/src/sentences.ts", WORDS, [
    "before.length === 0",
    "isAction(action)",
    'type === "registry"',
    'action === "pull" || action === "push" || action === "delete"',
  ]),
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
    "variables.some((variable) => OF_TEAMS.includes(variable))",
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
  ...all("token-server/src/directory/stored-directory.ts", UNREACHABLE, ["known === undefined"]),
  ...all("token-server/src/directory/sql.ts", UNREACHABLE, ["found === undefined"]),
  ...all("token-server/src/directory/combined-directory.ts", UNREACHABLE, ["stored === null"]),
  ...all(
    "token-server/src/directory/service-source.ts",
    "no secret is that of no service: the dummy's is nobody's",
    ["service === null"],
  ),
  ...all("token-server/src/policy/load.ts", UNREACHABLE, [
    "!isSeq(rules)",
    "isMap(contents)",
    "isMap(item)",
  ]),
  ...all("token-server/src/token/decide-grant.ts", UNREACHABLE, ['second === "teams-needed"']),
  ...OTHER_ERRORS,
  ...TWICE,
  ...EQUAL,
  ...IN_THE_GATEWAY,
  ...IN_THE_LEDGER,
  ...IN_THE_PROTOCOL,
  ...IN_THE_RECORD,
  ...IN_THE_RULES,
];

/**
 * @param file - module of a guard
 * @param text - what is taken out
 * @param within - name of the function that it is in
 * @returns why nobody can notice; `null` where somebody has to
 */
export function judgementOf({
  file,
  text,
  within,
}: Pick<Guard, "file" | "text" | "within">): string | null {
  const isMeant = (judged: Judged) =>
    judged.file === file &&
    judged.text === text &&
    (judged.within === undefined || judged.within === within);
  return JUDGED.find(isMeant)?.reason ?? null;
}
