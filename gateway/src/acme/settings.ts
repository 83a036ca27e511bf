/** How an authority finds out whether a name is ours (RFC 8555 section 8.3, RFC 8737). */
export const CHALLENGES = ["tls-alpn-01", "http-01"] as const;
export type ChallengeKind = (typeof CHALLENGES)[number];

/** Which certificate is wanted, and from whom. */
export interface AcmeSettings {
  /** Host names, at least one, in their order. */
  readonly names: readonly string[];
  readonly directory: string;
  readonly challenge: ChallengeKind;
  /** Where the authority writes to; `null`: nowhere. */
  readonly email: string | null;
}
