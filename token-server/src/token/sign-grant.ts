import type { View } from "#access-policy/view.js";
import { formatScope } from "#registry-protocol/scope.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import { signRegistryToken } from "#service-kit/signing/sign-token.js";
import type { Login } from "../identity/identity-source.js";
import { signFitting, type FittedToken, type ShownView } from "./fit-token.js";
import type { Grant } from "./grant.js";
import { packGrounds } from "./pack-grounds.js";
import type { SignedLately } from "./signed-lately.js";

/** What tokens are signed with, and what they say of themselves. */
export interface SigningDeps {
  readonly keys: Pick<KeyRing, "active">;
  readonly issuer: string;
  readonly lifetimeSeconds: number;
  readonly newTokenId: () => string;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly lately: SignedLately;
}

/** Answer of the token endpoint (distribution, "Token Authentication Specification" and "Oauth2 …"). */
export interface TokenAnswer {
  readonly token: string;
  /** The same, under the name that OAuth gives it. */
  readonly access_token: string;
  readonly expires_in: number;
  /** RFC 3339. */
  readonly issued_at: string;
  /** What is granted, scopes split by spaces. */
  readonly scope: string;
  readonly refresh_token?: string;
}

/** What a token says. */
export interface Told {
  /** The registry that it is good at, and at no other. */
  readonly service: string;
  readonly login: Login;
  readonly grant: Grant;
  /** `null`: it does not say what may be pulled. */
  readonly view: View | null;
  /** Fingerprint of the policy that has decided. */
  readonly policy: string;
}

/** Whoever has it may say where an image comes from (`docs/scm-source.md`). */
const TRUSTED_SCOPE = "application.write_all_trusted";

/**
 * @param signing - key, issuer, lifetime, clock
 * @param told - what the token is to say
 * @returns the answer with the token, and the view where that did not fit into it
 * @throws Fault REQUEST_INVALID when the token would be too long
 */
export function signGrant(
  signing: SigningDeps,
  { service, login: { identity, madeBy }, grant, view, policy }: Told,
): Pick<FittedToken, "leftOut"> & { readonly answer: TokenAnswer } {
  const issuedAt = Math.floor(signing.now() / 1000);
  const { issuer, lifetimeSeconds } = signing;
  const key = signing.keys.active();
  // The gateway tells "asked and refused", which is final, from "not asked yet", which is a challenge.
  const extra = {
    realm: identity.realm,
    kind: identity.kind,
    ...(identity.scopes.includes(TRUSTED_SCOPE) ? { trusted: true } : {}),
  };
  const claims = { issuer, audience: service, subject: identity.uid, issuedAt, lifetimeSeconds };
  const whole = { key: key.keyId, claims, extra, grant, view, policy, maker: madeBy ?? null };
  const { token, leftOut } = signing.lately.signOnce(whole, () => {
    const tokenId = signing.newTokenId();
    const sign = ({ access, refused, grounds }: Grant, shown: ShownView) => {
      const packed = packGrounds({ grounds }, { policy, maker: madeBy ?? null });
      const more = { ...extra, ...shown, refused, grant: packed };
      return signRegistryToken(key, { ...claims, access, tokenId, extra: more });
    };
    return signFitting(grant, sign, view);
  });
  return {
    answer: {
      token,
      access_token: token,
      expires_in: signing.lifetimeSeconds,
      issued_at: new Date(issuedAt * 1000).toISOString(),
      scope: grant.access.map(formatScope).join(" "),
    },
    leftOut,
  };
}
