import type { IdentityKind } from "./identity.js";

/** What a rule can be about. */
export const RULE_ACTIONS = ["pull", "push", "delete", "manage", "catalog", "*"] as const;

/** How an identity can have logged in, as far as rules can tell; `unrestricted` is beyond all rules. */
export const RULE_KINDS = [
  "oauth2",
  "oidc",
  "machine",
  "robot",
  "htpasswd",
  "ldap",
  "anonymous",
] as const satisfies readonly IdentityKind[];

/** What is to be done: to a repository, or to the catalog as a whole. */
export type PolicyAction = Exclude<RuleAction, "*">;

/** `*` stands for pull, push and delete; the catalog, and managing robots, are always named. */
export type RuleAction = (typeof RULE_ACTIONS)[number];

export type Effect = "allow" | "deny";

/** What has to be known of the one who asks: everything that is given, of each list any one. */
export interface Conditions {
  readonly kinds?: readonly (typeof RULE_KINDS)[number][] | undefined;
  /** Networks of the caller's address, IPv4 or IPv6, as CIDR or as a single address. */
  readonly addresses?: readonly string[] | undefined;
  readonly realms?: readonly string[] | undefined;
  readonly uids?: readonly string[] | undefined;
  /** By name of the claim; values are globs over text: `*` stops at a slash, `**` does not. */
  readonly claims?: Readonly<Record<string, readonly string[]>> | undefined;
  readonly scopes?:
    | {
        readonly anyOf?: readonly string[] | undefined;
        readonly allOf?: readonly string[] | undefined;
      }
    | undefined;
  readonly teams?: readonly string[] | undefined;
}

/** One rule as it is written; `docs/policy.md` describes it. */
export interface RuleSpec {
  readonly id: string;
  /** For those who read the policy; never shown to those who ask. */
  readonly description?: string | undefined;
  readonly effect: Effect;
  readonly actions: readonly RuleAction[];
  /** Globs over full repository names, with templates: `${team}/**`. */
  readonly repositories?: readonly string[] | undefined;
  /** Shorthand: `alpha` is the repositories `alpha` and `alpha/**`. */
  readonly namespaces?: readonly string[] | undefined;
  /** `anyone` is everybody, even nobody in particular; `logged-in` is everybody else. */
  readonly who: "anyone" | "logged-in" | Conditions;
  /** The rule does not count for whom this one condition holds. */
  readonly unless?: Conditions | undefined;
  /** Reason that is shown; may name `${uid}`, `${realm}`, `${repository}` and so on. */
  readonly message?: string | undefined;
}

/** A rule, by its id and by where it is written. */
export interface RuleName {
  readonly id: string;
  /** `file:line`; `null` for what is built in. */
  readonly at: string | null;
}
