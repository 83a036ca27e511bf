import { Fault } from "#registry-protocol/faults.js";
import { visible } from "#registry-protocol/text.js";
import type { Logger } from "#service-kit/log.js";
import { Secret } from "#service-kit/secret.js";
import { authenticate, type AuthenticationDeps } from "../identity/authenticate.js";
import type { AccountGuard, Credentials, Login } from "../identity/identity-source.js";
import { UnusableLogin } from "../identity/make-login.js";
import type { Attempt, LoginLimiter } from "../limits/login-limiter.js";
import { redeemRefreshToken } from "../refresh-tokens/redeem.js";
import type { RefreshOrigin } from "../refresh-tokens/record-tokens.js";
import type { RefreshBinding, RefreshDeps } from "../refresh-tokens/refresh-tokens.js";
import type { LoginRequest } from "./request.js";

/** How an attempt to log in can end. */
export const LOGIN_OUTCOMES = ["accepted", "refused", "limited", "undecided"] as const;
export type LoginOutcome = (typeof LOGIN_OUTCOMES)[number];

/** What logging in needs. */
export interface LogInDeps extends AuthenticationDeps {
  readonly limiter: LoginLimiter;
  readonly refresh: Omit<RefreshDeps, "authenticate">;
  readonly log: Logger;
  /** @returns why the own clock may be wrong, and with it every refusal of what has an end; `null`: it is right */
  readonly doubtOfClock: () => string | null;
  readonly told: LoginReport;
}

/** Where somebody logs in from, by which program and in which request. */
export type LoginOrigin = RefreshOrigin;

/** What is told of attempts to log in. */
export interface LoginReport {
  /** How each ended. */
  readonly ended: (outcome: LoginOutcome) => void;
  /** Of those that were refused, more. */
  readonly refused: (failure: FailedLogin) => void;
}

/** A refused attempt to log in. */
export interface FailedLogin {
  /** What was shown: a kind of login, or a password. */
  readonly shown: string;
  /** The account that was meant, where there is one; a name that is nobody's may be a password typed into the wrong field. */
  readonly account: string | null;
  readonly outcome: Exclude<LoginOutcome, "accepted" | "undecided">;
  /** As the client was told. */
  readonly reason: string;
  readonly from: LoginOrigin;
}

const MOST_NAME_CHARACTERS = 100;

type Shown = Exclude<LoginRequest, { kind: "nobody" }>;

/** User names that stand for a kind of login and not for a person. */
const SHARED_NAMES: readonly string[] = ["oauth2", "oidc", "instance-identity-document"];

/**
 * @param deps - ways to log in, and the limit on failures
 * @param request - who the client says it is
 * @param from - address, program and request of the client, and what a refresh token has to be bound to
 * @returns the verified login
 * @throws Fault UNAUTHORIZED, TOO_MANY_REQUESTS after too many failures, or UNAVAILABLE
 */
export async function logIn(
  deps: LogInDeps,
  request: LoginRequest,
  from: RefreshBinding & LoginOrigin,
): Promise<Login> {
  if (request.kind === "nobody" || deps.unrestricted) return authenticate(deps, null);
  const attempt = { source: from.address, ...claimOf(request) };
  let account: string | null = null;
  try {
    const login = await deps.limiter.guard(attempt, (accounts) => {
      const known = (name: string) => {
        account = name;
        return accounts.known(name);
      };
      return verify(deps, request, from, { known }).then((verified) =>
        atRegistry(verified, from.service),
      );
    });
    deps.told.ended("accepted");
    return login;
  } catch (reason) {
    const error = refusalOf(deps, reason);
    const outcome = outcomeOf(error);
    deps.told.ended(outcome);
    if (outcome !== "undecided" && error instanceof Fault)
      deps.told.refused({ shown: shownIn(request), account, outcome, reason: error.message, from });
    if (error instanceof UnusableLogin) tellOf(error, from, deps.log);
    throw error;
  }
}

/** Tokens, documents and refresh tokens end: with a clock that may be wrong, what is refused may be good. */
function refusalOf({ doubtOfClock }: LogInDeps, reason: unknown): unknown {
  const doubt = doubtOfClock();
  if (doubt === null || outcomeOf(reason) !== "refused") return reason;
  return new Fault("UNAVAILABLE", { message: `no login can be refused for now: ${doubt}`, cause: reason }); // prettier-ignore
}

function verify(
  deps: LogInDeps,
  request: Shown,
  from: RefreshBinding & RefreshOrigin,
  accounts: AccountGuard,
): Promise<Login> {
  const verifyCredentials = (credentials: Credentials) => authenticate(deps, credentials, accounts);
  if (request.kind === "credentials") return verifyCredentials(request.credentials);
  const refresh = { ...deps.refresh, authenticate: verifyCredentials };
  return redeemRefreshToken(refresh, request.token.reveal(), from, from);
}

/** The credentials of what belongs to one registry are worth nothing at another, whoever runs that. */
function atRegistry(login: Login, service: string): Login {
  const { registry = service } = login;
  if (registry === service) return login;
  const message = `this login is one of registry ${registry}, and of no other`;
  throw new Fault("UNAUTHORIZED", { message });
}

/** Whoever is refused so cannot mend it, and whoever can is not there to be told. */
function tellOf({ who, objection }: UnusableLogin, { requestId }: LoginOrigin, log: Logger): void {
  const { kind, realm, uid } = who;
  log.warn({
    event: "login.unusable",
    requestId,
    kind,
    realm: visible(realm, MOST_NAME_CHARACTERS),
    uid: visible(uid, MOST_NAME_CHARACTERS),
    message: objection,
  });
}

function outcomeOf(error: unknown): Exclude<LoginOutcome, "accepted"> {
  const code = error instanceof Fault ? error.code : null;
  if (code === "TOO_MANY_REQUESTS") return "limited";
  return code === "UNAUTHORIZED" ? "refused" : "undecided";
}

function shownIn(request: Shown): string {
  if (request.kind === "refresh-token") return "refresh token";
  const { username } = request.credentials;
  return SHARED_NAMES.includes(username) ? username : "password";
}

/** What is counted when it is wrong, and for which account. */
function claimOf(request: Shown): Omit<Attempt, "source"> {
  if (request.kind === "refresh-token") {
    const credentials = { username: "", password: new Secret(request.token.reveal()) };
    return { shows: "refresh token", account: null, credentials };
  }
  const { credentials } = request;
  const isShared = SHARED_NAMES.includes(credentials.username);
  return { shows: "password", account: isShared ? null : credentials.username, credentials };
}
