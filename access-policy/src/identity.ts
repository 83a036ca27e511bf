/** Who is asking, once a login has been verified. */
export interface Identity {
  /** Stable name; becomes the token's subject and the ledger's actor. Empty for nobody in particular. */
  readonly uid: string;
  /** Where the name comes from, for example `/employees` or `/services`. */
  readonly realm: string;
  /** OAuth scopes of the access token that was shown. */
  readonly scopes: readonly string[];
  /** How the login was verified. `unrestricted` exists only while authentication is switched off. */
  readonly kind: "oauth2" | "anonymous" | "unrestricted";
}

/** Teams that an identity belongs to, or `null` when they have not been looked up. */
export type Teams = readonly string[] | null;
