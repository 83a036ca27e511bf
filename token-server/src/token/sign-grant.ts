import type { View } from "#access-policy/view.js";
import { formatScope } from "#registry-protocol/scope.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import { signRegistryToken } from "#service-kit/signing/sign-token.js";
import type { Login } from "../identity/identity-source.js";
import { signFitting, type FittedToken } from "./fit-token.js";
import type { Grant } from "./grant.js";
import { packGrounds } from "./pack-grounds.js";

/** What tokens are signed with, and what they say of themselves. */
export interface SigningDeps {
  readonly keys: Pick<KeyRing, "active">;
  readonly issuer: string;
  readonly lifetimeSeconds: number;
  readonly newTokenId: () => string;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
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
  const tokenId = signing.newTokenId();
  const { token, leftOut } = signFitting(
    grant,
    ({ access, refused, grounds }, shown) =>
      signRegistryToken(signing.keys.active(), {
        issuer: signing.issuer,
        audience: service,
        subject: identity.uid,
        access,
        tokenId,
        issuedAt,
        lifetimeSeconds: signing.lifetimeSeconds,
        // The gateway tells "asked and refused", which is final, from "not asked yet", which is a challenge.
        extra: {
          realm: identity.realm,
          kind: identity.kind,
          ...(identity.scopes.includes(TRUSTED_SCOPE) ? { trusted: true } : {}),
          ...shown,
          refused,
          grant: packGrounds({ grounds }, { policy, maker: madeBy ?? null }),
        },
      }),
    view,
  );
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
