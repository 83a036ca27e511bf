import { Fault } from "#registry-protocol/faults.js";
import { authenticate, type AuthenticationDeps } from "../identity/authenticate.js";
import type { Credentials, Login } from "../identity/identity-source.js";
import type { Attempt, LoginLimiter } from "../limits/login-limiter.js";
import { redeemRefreshToken, type RefreshDeps } from "../refresh-tokens/refresh-tokens.js";
import type { LoginRequest } from "./request.js";

/** What logging in needs. */
export interface LogInDeps extends AuthenticationDeps {
  readonly limiter: LoginLimiter;
  readonly refresh: Omit<RefreshDeps, "authenticate">;
  /** Told of every attempt. */
  readonly countLogin: (outcome: "accepted" | "refused" | "limited" | "undecided") => void;
}

/** User names that stand for a kind of login and not for a person. */
const SHARED_NAMES: readonly string[] = ["oauth2", "oidc", "instance-identity-document"];

/**
 * @param deps - ways to log in, and the limit on failures
 * @param request - who the client says it is
 * @param from - address of the client, and what a refresh token has to be bound to
 * @returns the verified login
 * @throws Fault UNAUTHORIZED, TOO_MANY_REQUESTS after too many failures, or UNAVAILABLE
 */
export async function logIn(
  deps: LogInDeps,
  request: LoginRequest,
  from: { address: string; clientId: string; service: string },
): Promise<Login> {
  if (request.kind === "nobody") return authenticate(deps, null);
  const attempt = { source: from.address, account: accountOf(request) };
  try {
    await deps.limiter.check(attempt);
    const login = await verify(deps, request, from);
    deps.countLogin("accepted");
    return login;
  } catch (error) {
    await noteFailure(deps, attempt, error);
    throw error;
  }
}

function verify(
  deps: LogInDeps,
  request: Exclude<LoginRequest, { kind: "nobody" }>,
  bound: { clientId: string; service: string },
): Promise<Login> {
  if (request.kind === "credentials") return authenticate(deps, request.credentials);
  const refresh = {
    ...deps.refresh,
    authenticate: (credentials: Credentials) => authenticate(deps, credentials),
  };
  return redeemRefreshToken(refresh, request.token.reveal(), bound);
}

async function noteFailure(deps: LogInDeps, attempt: Attempt, error: unknown): Promise<void> {
  const code = error instanceof Fault ? error.code : null;
  if (code === "TOO_MANY_REQUESTS") deps.countLogin("limited");
  else if (code === "UNAUTHORIZED") {
    deps.countLogin("refused");
    await deps.limiter.failed(attempt);
  } else deps.countLogin("undecided");
}

function accountOf(request: LoginRequest): string | null {
  if (request.kind !== "credentials") return null;
  const { username } = request.credentials;
  return SHARED_NAMES.includes(username) ? null : username;
}
