/** How a login was verified. `unrestricted` exists only while authentication is switched off. */
export type IdentityKind =
  | "oauth2"
  | "oidc"
  | "machine"
  | "robot"
  | "service"
  | "htpasswd"
  | "ldap"
  | "anonymous"
  | "unrestricted";

/** A bound on what an identity can ever be granted, whatever the policy says. */
export interface AccessLimit {
  /** Glob over full repository names: `*` within a path component, `**` across. */
  readonly repositories: string;
  readonly actions: readonly ("pull" | "push" | "delete")[];
}

/** Who is asking, once a login has been verified. */
export interface Identity {
  /** Stable name; becomes the token's subject and the ledger's actor. Empty for nobody in particular. */
  readonly uid: string;
  /** Where the name comes from, for example `/employees` or `/services`; `uid` is unique within it. */
  readonly realm: string;
  /** OAuth scopes of the access token that was shown. */
  readonly scopes: readonly string[];
  readonly kind: IdentityKind;
  /** What else is known: claims of an OIDC token, account and region of a machine. */
  readonly claims: Readonly<Record<string, string | readonly string[]>>;
  /** `null`: the policy alone decides. */
  readonly limits: readonly AccessLimit[] | null;
}

/** Teams that an identity belongs to, or `null` when they have not been looked up. */
export type Teams = readonly string[] | null;
