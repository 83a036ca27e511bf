/** What a client is told when it has to get a token (RFC 6750 section 3, distribution "Token Authentication"). */
export interface Challenge {
  /** Absolute URL of the token endpoint. */
  readonly realm: string;
  readonly service: string;
  readonly scope?: string;
  readonly error?: "invalid_token" | "insufficient_scope";
}

/**
 * @param challenge - values without quotes or control characters
 * @returns value of the `WWW-Authenticate` header
 */
export function challengeHeader(challenge: Challenge): string {
  const parameters = [
    `realm="${challenge.realm}"`,
    `service="${challenge.service}"`,
    ...(challenge.scope === undefined ? [] : [`scope="${challenge.scope}"`]),
    ...(challenge.error === undefined ? [] : [`error="${challenge.error}"`]),
  ];
  return `Bearer ${parameters.join(",")}`;
}
