import type { Access } from "#registry-protocol/scope.js";
import { signCompact } from "./sign-compact.js";
import type { SigningKey } from "./signing-key.js";

/** Claims of a registry token (distribution, "Docker Registry v2 Bearer token specification"). */
export interface RegistryTokenClaims {
  /** Who issued it; the verifier compares it exactly. */
  readonly issuer: string;
  /** The service it is for. */
  readonly audience: string;
  /** Whom it speaks for; becomes the actor in the registry's events. Empty for nobody in particular. */
  readonly subject: string;
  readonly access: readonly Access[];
  /** Unique id. */
  readonly tokenId: string;
  /** Seconds since the epoch. */
  readonly issuedAt: number;
  /** Seconds from `issuedAt` until it ends. */
  readonly lifetimeSeconds: number;
  /** Claims beside the specification's. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** Clocks of token server, gateway and registry differ; a token is valid this long before it was made. */
export const BACKDATE_SECONDS = 60;

/**
 * Signs a registry token. Where the key has a certificate chain, it travels in the header (`x5c`), which registries
 * 2.8 and 3.x verify alike, whereas they disagree on what a `kid` is.
 *
 * @param key - signing key
 * @param claims - what the token says
 * @returns the compact serialisation (RFC 7519)
 */
export function signRegistryToken(key: SigningKey, claims: RegistryTokenClaims): string {
  const payload = {
    ...claims.extra,
    iss: claims.issuer,
    sub: claims.subject,
    aud: claims.audience,
    jti: claims.tokenId,
    iat: claims.issuedAt,
    nbf: claims.issuedAt - BACKDATE_SECONDS,
    exp: claims.issuedAt + claims.lifetimeSeconds,
    access: claims.access,
  };
  return signCompact(key, "JWT", payload);
}
