import { Fault } from "#registry-protocol/faults.js";
import { Secret } from "#service-kit/secret.js";
import { authenticate, type AuthenticationDeps } from "../identity/authenticate.js";
import type { AccountGuard, Credentials, Login } from "../identity/identity-source.js";
import type { LoginLimiter } from "../limits/login-limiter.js";
import {
  redeemRefreshToken,
  type RefreshBinding,
  type RefreshDeps,
  type RefreshOrigin,
} from "../refresh-tokens/refresh-tokens.js";
import type { LoginRequest } from "./request.js";

/** What logging in needs. */
export interface LogInDeps extends AuthenticationDeps {
  readonly limiter: LoginLimiter;
  readonly refresh: Omit<RefreshDeps, "authenticate">;
  /** Told of every attempt. */
  readonly countLogin: (outcome: "accepted" | "refused" | "limited" | "undecided") => void;
}

type Shown = Exclude<LoginRequest, { kind: "nobody" }>;

/** User names that stand for a kind of login and not for a person. */
const SHARED_NAMES: readonly string[] = ["oauth2", "oidc", "instance-identity-document"];

/**
 * @param deps - ways to log in, and the limit on failures
 * @param request - who the client says it is
 * @param from - address and program of the client, and what a refresh token has to be bound to
 * @returns the verified login
 * @throws Fault UNAUTHORIZED, TOO_MANY_REQUESTS after too many failures, or UNAVAILABLE
 */
export async function logIn(
  deps: LogInDeps,
  request: LoginRequest,
  from: RefreshBinding & RefreshOrigin,
): Promise<Login> {
  if (request.kind === "nobody" || deps.unrestricted) return authenticate(deps, null);
  const attempt = { source: from.address, ...claimOf(request) };
  try {
    const login = await deps.limiter.guard(attempt, (accounts) =>
      verify(deps, request, from, accounts),
    );
    deps.countLogin("accepted");
    return login;
  } catch (error) {
    deps.countLogin(outcomeOf(error));
    throw error;
  }
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

function outcomeOf(error: unknown): "refused" | "limited" | "undecided" {
  const code = error instanceof Fault ? error.code : null;
  if (code === "TOO_MANY_REQUESTS") return "limited";
  return code === "UNAUTHORIZED" ? "refused" : "undecided";
}

/** What is counted when it is wrong, and for which account. */
function claimOf(request: Shown): { account: string | null; credentials: Credentials } {
  if (request.kind === "refresh-token")
    return {
      account: null,
      credentials: { username: "", password: new Secret(request.token.reveal()) },
    };
  const { credentials } = request;
  const isShared = SHARED_NAMES.includes(credentials.username);
  return { account: isShared ? null : credentials.username, credentials };
}
