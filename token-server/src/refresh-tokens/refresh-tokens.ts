import type { Database } from "#service-kit/db/pool.js";
import type { Credentials, Login } from "../identity/identity-source.js";
import { isClientTaken } from "./clients.js";
import type { RefreshOrigin, RefreshRecord } from "./record-tokens.js";
import { hashToken, newToken, seal } from "./seal.js";
import { endOldest, forgetEnded, insertRefreshToken, lockOwner } from "./sql.js";

/** What refresh tokens need. */
export interface RefreshDeps {
  readonly db: Database;
  readonly newId: () => string;
  /** Longest life of a refresh token, in seconds. */
  readonly lifetimeSeconds: number;
  /** How many of one identity live at a time, for one client and in all. */
  readonly most: { readonly perClient: number; readonly perIdentity: number };
  /** Client ids that may have and use refresh tokens; empty: any. */
  readonly takenClients: readonly string[];
  /** Verifies credentials as a login would. */
  readonly authenticate: (credentials: Credentials) => Promise<Login>;
  readonly record: RefreshRecord;
}

/** What a refresh token is for, and who shows it. */
export interface RefreshBinding {
  /** As the client calls itself; empty when it does not. */
  readonly clientId: string;
  readonly service: string;
}

/** A token of a big issuer has some 3 KiB; whoever sends more logs in each time. */
const MAX_SEALED_BYTES = 8 * 1024;

/**
 * Makes a refresh token for a verified login. It keeps the login itself, readable for the token's holder
 * alone, so that each use can verify it anew: the token ends when the identity does.
 *
 * @param deps - database, by whose clock it ends
 * @param credentials - what the client logged in with
 * @param login - what came of it
 * @param made - client that it is made for, service, and where from
 * @returns the opaque token, which ends no later than the credentials; `null` when these are too long to be kept, or
 *   when a setting keeps this client from having one
 */
export async function createRefreshToken(
  deps: RefreshDeps,
  credentials: Credentials,
  login: Login,
  { clientId, service, ...from }: RefreshBinding & RefreshOrigin,
): Promise<string | null> {
  if (!isClientTaken(clientId, deps.takenClients)) return null;
  const text = JSON.stringify({
    username: credentials.username,
    password: credentials.password.reveal(),
  });
  if (Buffer.byteLength(text) > MAX_SEALED_BYTES) return null;
  const token = newToken();
  const { kind, realm, uid } = login.identity;
  const owner = { kind, realm, uid };
  const made = {
    id: deps.newId(),
    tokenHash: hashToken(token),
    sealedLogin: seal(token, text),
    ...owner,
    ...{ clientId, service },
    lifetimeSeconds: deps.lifetimeSeconds,
    validUntil: login.validUntil === null ? null : new Date(login.validUntil * 1000),
  };
  const pushedOut = await deps.db.transaction(async (tx) => {
    await lockOwner(tx, owner);
    await insertRefreshToken(tx, made);
    const ended = await endOldest(tx, owner, deps.most);
    await forgetEnded(tx, owner, deps.most.perIdentity);
    return ended;
  });
  deps.record.made(owner, clientId, pushedOut, from);
  return token;
}
