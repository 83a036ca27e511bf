import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Logger } from "#service-kit/log.js";
import { beginPart, shownAs } from "#service-kit/request-at-hand.js";
import type { Login } from "../identity/identity-source.js";
import type { DecidingPolicy } from "../policy/watch.js";
import type { Registries } from "../registries/followed-registries.js";
import { createRefreshToken, type RefreshBinding } from "../refresh-tokens/refresh-tokens.js";
import type { TeamLookup } from "../teams/team-service.js";
import type { LongViews } from "../views/long-views.js";
import type { LongView } from "../views/sql.js";
import { withAdministration } from "./administration.js";
import { decideGrant } from "./decide-grant.js";
import { decideView } from "./decide-view.js";
import { logIn, type LogInDeps, type LoginOrigin } from "./log-in.js";
import { withinRegistry } from "./registry-bounds.js";
import type { TokenRequest } from "./request.js";
import { signGrant, type SigningDeps, type TokenAnswer } from "./sign-grant.js";

/** What issuing a token needs. */
export interface IssueDeps {
  readonly logins: LogInDeps;
  readonly policy: DecidingPolicy;
  readonly teams: TeamLookup;
  /** Whose members administer the installation. */
  readonly adminTeams: readonly string[];
  /** Registries that tokens are for. */
  readonly registries: Pick<Registries, "own" | "require" | "find">;
  readonly signing: SigningDeps;
  /** Keeps what tokens have no room for. */
  readonly views: Pick<LongViews, "keep">;
  readonly log: Logger;
}

/** An issued token and whom it was issued to. */
export interface IssuedToken {
  readonly identity: Identity;
  readonly answer: TokenAnswer;
}

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
  const bound = { clientId: request.clientId, service: request.service };
  const login = await shown("log in", () =>
    logIn(deps.logins, request.login, { ...origin, ...bound }),
  );
  gone?.throwIfAborted();
  const policy = deps.policy.current(request.service);
  const { sha256 } = deps.policy.version();
  const asked = { requested: request.requested, circumstances: { address } };
  const { forLists, service } = request;
  const { grant: granted, view } = await shown("decide access", async () => {
    const grant = await decideGrant(policy, deps.teams, login, { ...asked, gone });
    const decided = {
      grant,
      view: await decideView(policy, deps.teams, login, { ...asked, forLists }),
    };
    const registry = deps.registries.require(service);
    return withinRegistry(registry, { teams: deps.teams, policy }, login, decided);
  });
  const grant = request.forAdministration
    ? await withAdministration(deps, login, granted)
    : granted;
  const { identity } = login;
  const { answer: signed, leftOut } = await shown("sign token", () =>
    signGrant(deps.signing, { service, login, grant, view, policy: sha256 }),
  );
  if (leftOut !== null) await keep(deps, leftOut, origin);
  deps.log.info({
    event: "token.issued",
    requestId: origin.requestId,
    actor: identity.uid,
    realm: identity.realm,
    kind: identity.kind,
    address,
    service,
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
