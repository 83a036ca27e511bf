import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { Secret } from "#service-kit/secret.js";
import type { Credentials, Login } from "../identity/identity-source.js";
import { mayUseTokenOf } from "./clients.js";
import { hashToken, newToken, seal, unseal } from "./seal.js";
import { endRefreshToken, insertRefreshToken, useRefreshToken, type Binding } from "./sql.js";

/** What refresh tokens need. */
export interface RefreshDeps {
  readonly db: Database;
  readonly newId: () => string;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  /** Longest life of a refresh token, in seconds. */
  readonly lifetimeSeconds: number;
  /** Clients that share one store of logins, and so refresh tokens. */
  readonly sharingClients: readonly string[];
  /** Verifies credentials as a login would. */
  readonly authenticate: (credentials: Credentials) => Promise<Login>;
}

const sealedLoginSchema = z.object({ username: z.string(), password: z.string() });

/**
 * Makes a refresh token for a verified login. It keeps the login itself, readable for the token's holder
 * alone, so that each use can verify it anew: the token ends when the identity does.
 *
 * @param deps - database and clock
 * @param credentials - what the client logged in with
 * @param login - what came of it
 * @param bound - client and service it is for
 * @returns the opaque token; it ends no later than the credentials
 */
export async function createRefreshToken(
  deps: RefreshDeps,
  credentials: Credentials,
  login: Login,
  bound: { clientId: string; service: string },
): Promise<string> {
  const token = newToken();
  const end = Math.min(
    deps.now() / 1000 + deps.lifetimeSeconds,
    login.validUntil ?? Number.POSITIVE_INFINITY,
  );
  const text = JSON.stringify({
    username: credentials.username,
    password: credentials.password.reveal(),
  });
  await insertRefreshToken(deps.db, {
    id: deps.newId(),
    tokenHash: hashToken(token),
    sealedLogin: seal(token, text),
    realm: login.identity.realm,
    uid: login.identity.uid,
    ...bound,
    expiresAt: new Date(end * 1000),
  });
  return token;
}

/**
 * @param deps - database and the way to verify a login
 * @param token - what the client shows
 * @param bound - client and service that show it
 * @returns the login, verified just now
 * @throws Fault UNAUTHORIZED when the token is unknown, revoked, over, another client's or service's, or
 *   when its login is no longer good; UNAVAILABLE when that cannot be told
 */
export async function redeemRefreshToken(
  deps: RefreshDeps,
  token: string,
  bound: { clientId: string; service: string },
): Promise<Login> {
  const found = await useRefreshToken(deps.db, hashToken(token));
  if (found === null || !isBoundTo(found, bound, deps.sharingClients)) throw notValid();
  const { username, password } = sealedLoginSchema.parse(
    JSON.parse(unseal(token, found.sealedLogin)),
  );
  try {
    const login = await deps.authenticate({ username, password: new Secret(password) });
    if (login.identity.uid !== found.uid || login.identity.realm !== found.realm) throw notValid();
    return login;
  } catch (error) {
    if (!(error instanceof Fault) || error.code !== "UNAUTHORIZED") throw error;
    await endRefreshToken(deps.db, found.id);
    throw notValid();
  }
}

function isBoundTo(
  found: Binding,
  bound: { clientId: string; service: string },
  sharing: readonly string[],
): boolean {
  return mayUseTokenOf(found.clientId, bound.clientId, sharing) && found.service === bound.service;
}

/** One text for every reason: whoever tries tokens learns nothing. */
function notValid(): Fault {
  return new Fault("UNAUTHORIZED", {
    message: "the refresh token is not valid any more: log in again",
  });
}
