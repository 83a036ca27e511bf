import type { Subject } from "#access-policy/decide.js";
import type { Identity } from "#access-policy/identity.js";
import type { Logger } from "#service-kit/log.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import { signRegistryToken } from "#service-kit/signing/sign-token.js";
import { authenticate, type AuthenticationDeps } from "../identity/authenticate.js";
import type { Login } from "../identity/identity-source.js";
import type { TeamLookup } from "../teams/team-service.js";
import { grantAccess, type Grant } from "./grant.js";
import type { TokenRequest } from "./request.js";

/** What issuing a token needs. */
export interface IssueDeps extends AuthenticationDeps {
  readonly teams: TeamLookup;
  readonly keys: KeyRing;
  readonly issuer: string;
  readonly service: string;
  readonly lifetimeSeconds: number;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly newTokenId: () => string;
  readonly log: Logger;
}

/** Answer of the token endpoint (distribution, "Token Authentication Specification"). */
export interface TokenAnswer {
  readonly token: string;
  /** The same, under the name that OAuth gives it. */
  readonly access_token: string;
  readonly expires_in: number;
  /** RFC 3339. */
  readonly issued_at: string;
}

/** An issued token and whom it was issued to. */
export interface IssuedToken {
  readonly identity: Identity;
  readonly answer: TokenAnswer;
}

/**
 * Identifies the caller, decides what they get of what they ask for, and signs it.
 *
 * @param deps - logins, teams, key, clock
 * @param request - what is asked
 * @returns the answer; its token may grant less than was asked, even nothing
 * @throws Fault UNAUTHORIZED for bad credentials, UNAVAILABLE when a service that has to be asked
 *   does not answer
 */
export async function issueToken(deps: IssueDeps, request: TokenRequest): Promise<IssuedToken> {
  const login = await authenticate(deps, request.credentials);
  const grant = await decideGrant(deps.teams, login, request);
  const { identity } = login;
  deps.log.info({
    event: "token.issued",
    actor: identity.uid,
    realm: identity.realm,
    kind: identity.kind,
    granted: grant.access,
    refused: grant.refused,
  });
  const issuedAt = Math.floor(deps.now() / 1000);
  const token = signRegistryToken(deps.keys.active(), {
    issuer: deps.issuer,
    audience: deps.service,
    subject: identity.uid,
    access: grant.access,
    tokenId: deps.newTokenId(),
    issuedAt,
    lifetimeSeconds: deps.lifetimeSeconds,
    // The gateway tells "asked and refused", which is final, from "not asked yet", which is a challenge.
    extra: { realm: identity.realm, kind: identity.kind, refused: grant.refused },
  });
  return {
    identity,
    answer: {
      token,
      access_token: token,
      expires_in: deps.lifetimeSeconds,
      issued_at: new Date(issuedAt * 1000).toISOString(),
    },
  };
}

/** The team service is asked only when the answer depends on it: pulls go on while it is down. */
async function decideGrant(
  teams: TeamLookup,
  login: Login,
  { requested }: TokenRequest,
): Promise<Grant> {
  const stranger: Subject = { identity: login.identity, teams: null };
  const first = grantAccess(stranger, requested);
  if (first !== "teams-needed") return first;
  const member: Subject = { identity: login.identity, teams: await teams.teamsOf(login) };
  const second = grantAccess(member, requested);
  if (second === "teams-needed") throw new Error("the policy asks for teams that it was given");
  return second;
}
