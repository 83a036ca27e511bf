import type { Identity } from "#access-policy/identity.js";
import type { View } from "#access-policy/view.js";
import { Fault } from "#registry-protocol/faults.js";
import { formatScope } from "#registry-protocol/scope.js";
import type { Logger } from "#service-kit/log.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import { signRegistryToken } from "#service-kit/signing/sign-token.js";
import { beginPart, shownAs } from "#service-kit/request-at-hand.js";
import type { Login } from "../identity/identity-source.js";
import type { PolicySource } from "../policy/watch.js";
import { createRefreshToken, type RefreshBinding } from "../refresh-tokens/refresh-tokens.js";
import type { TeamLookup } from "../teams/team-service.js";
import type { LongViews } from "../views/long-views.js";
import type { LongView } from "../views/sql.js";
import { withAdministration } from "./administration.js";
import { decideGrant } from "./decide-grant.js";
import { decideView } from "./decide-view.js";
import { signFitting, type FittedToken } from "./fit-token.js";
import type { Grant } from "./grant.js";
import { packGrounds } from "./pack-grounds.js";
import { logIn, type LogInDeps, type LoginOrigin } from "./log-in.js";
import type { TokenRequest } from "./request.js";

/** What issuing a token needs. */
export interface IssueDeps {
  readonly logins: LogInDeps;
  readonly policy: Pick<PolicySource, "current" | "version">;
  readonly teams: TeamLookup;
  /** Whose members administer the installation. */
  readonly adminTeams: readonly string[];
  readonly signing: SigningDeps;
  /** Keeps what tokens have no room for. */
  readonly views: Pick<LongViews, "keep">;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
}

/** What tokens are signed with, and what they say of themselves. */
export interface SigningDeps {
  readonly keys: Pick<KeyRing, "active">;
  readonly issuer: string;
  readonly service: string;
  readonly lifetimeSeconds: number;
  readonly newTokenId: () => string;
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

/** An issued token and whom it was issued to. */
export interface IssuedToken {
  readonly identity: Identity;
  readonly answer: TokenAnswer;
}

/** Whoever has it may say where an image comes from (`docs/scm-source.md`). */
const TRUSTED_SCOPE = "application.write_all_trusted";

/** Kinds of login that get no refresh token: there is nobody to bind it to, or nothing that could end it. */
const WITHOUT_REFRESH: readonly Identity["kind"][] = ["anonymous", "unrestricted", "machine"];

/**
 * Identifies the caller, decides what they get of what they ask for, and signs it.
 *
 * @param deps - logins, teams, keys, clock
 * @param request - what is asked
 * @param origin - address, program and request of the client
 * @param gone - comes when the client has gone; then nothing more is done for it
 * @returns the answer; its token may grant less than was asked, even nothing
 * @throws Fault UNAUTHORIZED for bad credentials, TOO_MANY_REQUESTS after too many of them, REQUEST_INVALID when the
 *   token would be too long, UNAVAILABLE when a service that has to be asked does not answer
 */
export async function issueToken(
  deps: IssueDeps,
  request: TokenRequest,
  origin: LoginOrigin,
  gone?: AbortSignal,
): Promise<IssuedToken> {
  const { address } = origin;
  const bound = { clientId: request.clientId, service: deps.signing.service };
  const login = await shown("log in", () =>
    logIn(deps.logins, request.login, { ...origin, ...bound }),
  );
  gone?.throwIfAborted();
  const policy = deps.policy.current();
  const { sha256 } = deps.policy.version();
  const asked = { requested: request.requested, circumstances: { address } };
  const granted = await shown("decide access", () =>
    decideGrant(policy, deps.teams, login, { ...asked, gone }),
  );
  const grant = request.forAdministration
    ? await withAdministration(deps, login, granted)
    : granted;
  const { forLists } = request;
  const view = await decideView(policy, deps.teams, login, { ...asked, forLists });
  const { answer: signed, leftOut } = await shown("sign token", () =>
    signGrant(deps, login, grant, { view, policy: sha256 }),
  );
  if (leftOut !== null) await keep(deps, leftOut, origin);
  const { identity } = login;
  deps.log.info({
    event: "token.issued",
    requestId: origin.requestId,
    actor: identity.uid,
    realm: identity.realm,
    kind: identity.kind,
    address,
    granted: grant.access,
    refused: grant.refused,
  });
  const refreshToken = await refreshTokenFor(deps, request, login, { bound, origin });
  return {
    identity,
    answer: {
      ...signed,
      ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    },
  };
}

/** A step of its own in the trace of a request. */
async function shown<T>(name: string, work: () => T | Promise<T>): Promise<T> {
  const part = beginPart(() => ({ kind: "internal", name, facts: {} }));
  return shownAs(part, Promise.resolve().then(work));
}

function signGrant(
  { signing, now }: Pick<IssueDeps, "signing" | "now">,
  { identity, madeBy }: Login,
  grant: Grant,
  { view, policy }: { readonly view: View | null; readonly policy: string },
): Pick<FittedToken, "leftOut"> & { readonly answer: TokenAnswer } {
  const issuedAt = Math.floor(now() / 1000);
  const tokenId = signing.newTokenId();
  const { token, leftOut } = signFitting(
    grant,
    ({ access, refused, grounds }, shown) =>
      signRegistryToken(signing.keys.active(), {
        issuer: signing.issuer,
        audience: signing.service,
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

/** Without a database there are no lists for its bearer, and all else that the token is for. */
async function keep(
  { views, log }: Pick<IssueDeps, "views" | "log">,
  view: LongView,
  { requestId }: LoginOrigin,
): Promise<void> {
  await views.keep(view).catch((error: unknown) => {
    log.warn({ event: "view.not-kept", requestId, err: error });
  });
}

/** A client that showed a refresh token keeps it; one that logged in and asks for one gets one. */
async function refreshTokenFor(
  deps: IssueDeps,
  request: TokenRequest,
  login: Login,
  { bound, origin }: { readonly bound: RefreshBinding; readonly origin: LoginOrigin },
): Promise<string | null> {
  const { login: shown, offline } = request;
  if (!offline || shown.kind === "nobody") return null;
  if (shown.kind === "refresh-token") return shown.token.reveal();
  if (WITHOUT_REFRESH.includes(login.identity.kind)) return null;
  try {
    const refresh = { ...deps.logins.refresh, authenticate: () => Promise.resolve(login) };
    return await createRefreshToken(refresh, shown.credentials, login, { ...bound, ...origin });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    // Without a database there are no refresh tokens; the client keeps using its password.
    const { requestId } = origin;
    const { uid } = login.identity;
    deps.log.warn({ event: "refresh-token.not-made", requestId, actor: uid, err: error });
    return null;
  }
}
