import { compilePolicy } from "#access-policy/compile.js";
import type { Identities } from "#local/stand-ins/identities.js";

/** Who may pull what, with each way to be let in or kept out that policies have. */
export const TABLE_POLICY = compilePolicy([
  {
    id: "sealed",
    effect: "deny",
    actions: ["pull"],
    repositories: ["sealed/**"],
    who: "anyone",
    unless: { teams: ["wardens"] },
  },
  {
    id: "secrets",
    effect: "deny",
    actions: ["pull"],
    repositories: ["**/app-secre*"],
    who: "anyone",
    unless: { teams: ["gamma"] },
  },
  {
    id: "not-dave",
    effect: "deny",
    actions: ["pull"],
    repositories: ["public/too*"],
    who: { uids: ["dave"] },
  },
  {
    id: "public",
    effect: "allow",
    actions: ["pull"],
    repositories: ["public/**", "alpha/app"],
    who: { kinds: ["anonymous"] },
  },
  {
    id: "staff",
    effect: "allow",
    actions: ["pull"],
    repositories: ["public/**", "shared/*"],
    who: { realms: ["/employees"] },
  },
  {
    id: "own",
    effect: "allow",
    actions: ["pull", "push", "manage"],
    repositories: ["${team}/**"],
    who: "logged-in",
  },
  {
    id: "auditors",
    effect: "allow",
    actions: ["pull"],
    repositories: ["**"],
    who: { uids: ["carol"] },
  },
  {
    id: "pipelines",
    effect: "allow",
    actions: ["pull"],
    repositories: ["ci/**", "*/app"],
    who: { scopes: { anyOf: ["application.write_all"] } },
  },
  {
    id: "machines",
    effect: "allow",
    actions: ["pull"],
    repositories: ["base/**"],
    who: { kinds: ["machine"] },
  },
  {
    id: "robots",
    effect: "allow",
    actions: ["pull"],
    repositories: ["**"],
    who: { kinds: ["robot"] },
  },
  {
    id: "home",
    effect: "allow",
    actions: ["pull", "push"],
    repositories: ["home/${uid}/**"],
    who: "logged-in",
  },
  {
    id: "wardens",
    effect: "allow",
    actions: ["pull"],
    repositories: ["sealed/**"],
    who: { teams: ["wardens"] },
  },
  {
    id: "lone",
    effect: "allow",
    actions: ["pull"],
    repositories: ["alpha"],
    who: { uids: ["dave"] },
  },
]);

/** All repositories that there are: neighbours by name are seen by different people. */
export const REPOSITORIES = [
  ...["aaa/first", "alph/app", "alpha", "alpha/app", "alpha/app-secret", "alpha/app/deep"],
  ...["alpha/app/deep/app-secret", "alpha/apple", "alpha/tool", "alpha-2/app", "alpha2/app"],
  ...["base/os", "base/os/slim", "beta/app", "beta/app-secret", "beta/nested/a/b", "beta/tool"],
  ...["ci/cache", "ci/runner", "delta/app", "gamma/app", "gamma/app-secret", "gamma/tool"],
  ...["home/alice/notes", "home/dave/notes", "home/erin/notes", "omega/only"],
  ...["public/app-secret", "public/base", "public/tool", "sealed/app", "sealed/x/y"],
  ...["shared/app-secret", "shared/lib", "shared/lib/deep", "zzz/last"],
] as const;

/** Had tags that all were deleted. */
export const EMPTIED = ["alpha/gone", "delta/gone", "public/gone"] as const;

/** What the company knows of those who log in with access tokens. */
export const COMPANY: Identities = {
  identities: [
    person("alice", ["alpha"]),
    person("bob", ["beta"]),
    person("carol", []),
    person("dave", []),
    person("erin", ["alpha", "gamma"]),
    person("frank", ["wardens"]),
    person("Gina.X", ["delta"]),
    { ...person("pipeline", []), realm: "/services", scopes: ["uid", "application.write_all"] },
    { ...person("idle", []), realm: "/services" },
    { ...person("beta-bot", ["beta"]), realm: "/services" },
  ],
  machines: [{ iid_signature: "known-machine" }],
};

/** By whom who shows `Basic` credentials is known. */
export type Login = { readonly user: string; readonly password: string } | null;

/** Somebody, and which repositories they may pull: written by hand, from what {@link TABLE_POLICY} is meant to say. */
export interface Somebody {
  readonly who: string;
  /** `null`: nobody in particular; `"robot"`: of that name, made when the test begins. */
  readonly login: Login | "robot";
  readonly sees: RegExp;
}

const of = (uid: string): Login => ({ user: "oauth2", password: `${uid}-token` });

// prettier-ignore
export const TABLE: readonly Somebody[] = [
  { who: "anonymous", login: null, sees: /^(public\/(base|tool|gone)|alpha\/app)$/ },
  { who: "alice", login: of("alice"), sees: /^(public\/(base|tool|gone)|shared\/lib|alpha\/(app|app\/deep|apple|tool|gone)|home\/alice\/notes)$/ },
  { who: "bob", login: of("bob"), sees: /^(public\/(base|tool|gone)|shared\/lib|beta\/(app|tool|nested\/a\/b))$/ },
  { who: "carol", login: of("carol"), sees: /^(?!sealed\/)(?!.*\/app-secre.$)/ },
  { who: "dave", login: of("dave"), sees: /^(public\/(base|gone)|shared\/lib|alpha|home\/dave\/notes)$/ },
  { who: "erin", login: of("erin"), sees: /^(public\/.*|shared\/(lib|app-secret)|alpha\/.*|gamma\/.*|home\/erin\/notes)$/ },
  { who: "frank", login: of("frank"), sees: /^(public\/(base|tool|gone)|shared\/lib|sealed\/(app|x\/y))$/ },
  { who: "Gina.X", login: of("Gina.X"), sees: /^(public\/(base|tool|gone)|shared\/lib|delta\/(app|gone))$/ },
  { who: "pipeline", login: of("pipeline"), sees: /^(ci\/(cache|runner)|(alph|alpha|alpha-2|alpha2|beta|delta|gamma)\/app)$/ },
  { who: "idle", login: of("idle"), sees: /^$/ },
  { who: "beta-bot", login: of("beta-bot"), sees: /^beta\/(app|tool|nested\/a\/b)$/ },
  { who: "machine", login: { user: "instance-identity-document", password: "known-machine" }, sees: /^base\/os(\/slim)?$/ },
  { who: "one-app", login: "robot", sees: /^alpha\/app$/ },
  { who: "all-of-alpha", login: "robot", sees: /^alpha\/(app|app\/deep|apple|tool|gone)$/ },
];

/** What the robots of the table were granted, below team alpha. */
export const ROBOT_GRANTS: Readonly<Record<string, string>> = {
  "one-app": "alpha/app",
  "all-of-alpha": "alpha/**",
};

function person(uid: string, teams: string[]): Identities["identities"][number] {
  return { token: `${uid}-token`, uid, realm: "/employees", scopes: ["uid"], teams };
}
