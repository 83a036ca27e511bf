import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import type { AccountGuard, Credentials, IdentitySource, Login } from "./identity-source.js";

/** Which logins are possible. */
export interface AuthenticationDeps {
  readonly sources: readonly IdentitySource[];
  /** Whoever comes without credentials may pull. */
  readonly allowPublicRead: boolean;
  /** Namespaces that this is limited to; absent or `null`: all. */
  readonly anonymousNamespaces?: readonly string[] | null;
  /** Authentication is switched off: everybody is everybody. */
  readonly unrestricted: boolean;
}

const NOBODY = { uid: "", realm: "", scopes: [], claims: {}, limits: null };
const NO_CREDENTIALS = { teams: [], validUntil: null, accessToken: null };
const UNRESTRICTED: Identity = { ...NOBODY, uid: "anonymous", kind: "unrestricted" };

export const LOGIN_HINT = "log in with: docker login -u oauth2 -p <access token>";

/**
 * @param deps - which logins are possible
 * @param credentials - what the client showed, or `null`
 * @param accounts - told which account is meant, where a directory knows that
 * @returns who it is
 * @throws Fault UNAUTHORIZED when the credentials are missing or wrong, UNAVAILABLE when that
 *   cannot be told
 */
export async function authenticate(
  deps: AuthenticationDeps,
  credentials: Credentials | null,
  accounts?: AccountGuard,
): Promise<Login> {
  if (deps.unrestricted) return { identity: UNRESTRICTED, ...NO_CREDENTIALS };
  if (credentials === null) {
    if (deps.allowPublicRead)
      return { identity: anonymous(deps.anonymousNamespaces ?? null), ...NO_CREDENTIALS };
    throw new Fault("UNAUTHORIZED", { message: `authentication required: ${LOGIN_HINT}` });
  }
  const source = deps.sources.find((candidate) => candidate.accepts(credentials));
  if (source === undefined)
    throw new Fault("UNAUTHORIZED", { message: `unknown kind of user name: ${LOGIN_HINT}` });
  return source.verify(credentials, accounts);
}

function anonymous(namespaces: readonly string[] | null): Identity {
  const readable = namespaces?.map((namespace) => `${namespace}/**`) ?? ["**"];
  return {
    ...NOBODY,
    kind: "anonymous",
    limits: readable.map((repositories) => ({ repositories, actions: ["pull"] })),
  };
}
