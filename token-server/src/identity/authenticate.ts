import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import type { AccountGuard, Credentials, IdentitySource, Login } from "./identity-source.js";

/** The logins that are turned on. */
export interface CurrentLogins {
  readonly sources: readonly IdentitySource[];
  /** Namespaces that reading without credentials is limited to; absent or `null`: all. */
  readonly anonymousNamespaces?: readonly string[] | null;
}

/** Which logins are possible. */
export interface AuthenticationDeps {
  /** What the logins file says now; it may change while a login is verified. */
  readonly identities: { current(): CurrentLogins };
  /** Whoever comes without credentials may pull. */
  readonly allowPublicRead: boolean;
  /** Authentication is switched off: everybody is everybody. */
  readonly unrestricted: boolean;
}

const NOBODY = { uid: "", realm: "", scopes: [], claims: {}, limits: null };
const NO_CREDENTIALS = { teams: [], validUntil: null, accessToken: null };
const UNRESTRICTED: Identity = { ...NOBODY, uid: "anonymous", kind: "unrestricted" };

const LOGIN_HINT = "log in with: docker login -u oauth2 -p <access token>";

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
  const { sources, anonymousNamespaces = null } = deps.identities.current();
  if (credentials === null) {
    if (deps.allowPublicRead)
      return { identity: anonymous(anonymousNamespaces), ...NO_CREDENTIALS };
    throw new Fault("UNAUTHORIZED", { message: `authentication required: ${LOGIN_HINT}` });
  }
  const source = sources.find((candidate) => candidate.accepts(credentials));
  if (source === undefined)
    throw new Fault("UNAUTHORIZED", { message: `unknown kind of user name: ${LOGIN_HINT}` });
  const login = await source.verify(credentials, accounts);
  // Whoever was verified by what is no login any more has to be verified by what is one.
  const isStill = deps.identities.current().sources.includes(source);
  return isStill ? login : authenticate(deps, credentials, accounts);
}

function anonymous(namespaces: readonly string[] | null): Identity {
  const readable = namespaces?.map((namespace) => `${namespace}/**`) ?? ["**"];
  return {
    ...NOBODY,
    kind: "anonymous",
    limits: readable.map((repositories) => ({ repositories, actions: ["pull"] })),
  };
}
