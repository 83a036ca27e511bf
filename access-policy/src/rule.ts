import type { Privilege } from "./directory.js";
import type { IdentityKind } from "./identity.js";

/** What a rule can be about. */
export const RULE_ACTIONS = ["pull", "push", "delete", "manage", "catalog", "*"] as const;

/** How an identity can have logged in, as far as rules can tell; `unrestricted` is beyond all rules. */
export const RULE_KINDS = [
  "oauth2",
  "oidc",
  "machine",
  "robot",
  "service",
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
  /** Of the registry that is asked about. */
  readonly registry?:
    | {
        readonly restricted?: boolean | undefined;
        /** It is published to a team of the caller. */
        readonly published?: true | undefined;
        /** A team of the caller is responsible for it. */
        readonly responsible?: true | undefined;
      }
    | undefined;
  /** What the directory trusts the caller with, by themselves or by a team. */
  readonly privileges?:
    | {
        readonly anyOf?: readonly Privilege[] | undefined;
        readonly allOf?: readonly Privilege[] | undefined;
      }
    | undefined;
  /** Applications, by code, that a team of the caller is responsible for, or that are published to one. */
  readonly apps?:
    | {
        readonly responsible?: readonly string[] | undefined;
        readonly published?: readonly string[] | undefined;
      }
    | undefined;
  /** Codes of applications, of one of which the service that asks has to be. */
  readonly service?: { readonly app: readonly string[] } | undefined;
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
