import { z } from "zod";
import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Database } from "#service-kit/db/pool.js";
import { Secret } from "#service-kit/secret.js";
import type { Credentials, Login } from "../identity/identity-source.js";
import { UnusableLogin } from "../identity/make-login.js";
import { mayUseTokenOf } from "./clients.js";
import { hashToken, newToken, seal, unseal } from "./seal.js";
import {
  endOldest,
  endRefreshToken,
  findRefreshToken,
  insertRefreshToken,
  lockOwner,
  noteUse,
  type StoredRefreshToken,
} from "./sql.js";

/** What refresh tokens need. */
export interface RefreshDeps {
  readonly db: Database;
  readonly newId: () => string;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  /** Longest life of a refresh token, in seconds. */
  readonly lifetimeSeconds: number;
  /** How many of one identity live at a time, for one client and in all; the oldest end. */
  readonly most: { readonly perClient: number; readonly perIdentity: number };
  /** Clients that share one store of logins, and so refresh tokens. */
  readonly sharingClients: readonly string[];
  /** Verifies credentials as a login would. */
  readonly authenticate: (credentials: Credentials) => Promise<Login>;
}

/** What a refresh token is for, and who shows it. */
export interface RefreshBinding {
  readonly clientId: string;
  readonly service: string;
}

/** Where from, and by which program. */
export interface RefreshOrigin {
  readonly address: string;
  readonly userAgent: string;
}

const sealedLoginSchema = z.object({ username: z.string(), password: z.string() });

/** A token of a big issuer has some 3 KiB; whoever sends more logs in each time. */
const MAX_SEALED_BYTES = 8 * 1024;
const MAX_PROGRAM_CHARACTERS = 200;

/**
 * Makes a refresh token for a verified login. It keeps the login itself, readable for the token's holder
 * alone, so that each use can verify it anew: the token ends when the identity does.
 *
 * @param deps - database and clock
 * @param credentials - what the client logged in with
 * @param login - what came of it
 * @param bound - client and service it is for
 * @returns the opaque token, which ends no later than the credentials; `null` when these are too long to be kept
 */
export async function createRefreshToken(
  deps: RefreshDeps,
  credentials: Credentials,
  login: Login,
  bound: RefreshBinding,
): Promise<string | null> {
  const text = JSON.stringify({
    username: credentials.username,
    password: credentials.password.reveal(),
  });
  if (Buffer.byteLength(text) > MAX_SEALED_BYTES) return null;
  const token = newToken();
  const end = Math.min(
    deps.now() / 1000 + deps.lifetimeSeconds,
    login.validUntil ?? Number.POSITIVE_INFINITY,
  );
  const { kind, realm, uid } = login.identity;
  const owner = { kind, realm, uid };
  const made = {
    id: deps.newId(),
    tokenHash: hashToken(token),
    sealedLogin: seal(token, text),
    ...owner,
    ...bound,
    expiresAt: new Date(end * 1000),
  };
  await deps.db.transaction(async (tx) => {
    await lockOwner(tx, owner);
    await insertRefreshToken(tx, made);
    await endOldest(tx, owner, deps.most);
  });
  return token;
}

/**
 * @param deps - database and the way to verify a login
 * @param token - what the client shows
 * @param bound - client and service that show it
 * @param origin - where from, and by which program, for the owner to see
 * @returns the login, verified just now
 * @throws Fault UNAUTHORIZED when the token is unknown, revoked, over, another client's or service's, or
 *   when its login is no longer good; UNAVAILABLE when that cannot be told
 */
export async function redeemRefreshToken(
  deps: RefreshDeps,
  token: string,
  bound: RefreshBinding,
  origin: RefreshOrigin,
): Promise<Login> {
  const found = await findRefreshToken(deps.db, hashToken(token));
  if (found === null || isOver(deps, found)) throw notValid();
  if (found.service !== bound.service) return end(deps, found);
  if (!mayUseTokenOf(found.clientId, bound.clientId, deps.sharingClients)) throw notValid();
  const { username, password } = sealedLoginSchema.parse(
    JSON.parse(unseal(token, found.sealedLogin)),
  );
  const login = await verifyAnew(deps, found, { username, password: new Secret(password) });
  if (!isOwner(found, login.identity)) return end(deps, found);
  const isLiving = await noteUse(deps.db, found.id, {
    kind: login.identity.kind,
    address: origin.address,
    program: programOf(bound, origin),
    validUntil: login.validUntil === null ? null : new Date(login.validUntil * 1000),
  });
  // It was revoked while its login was verified.
  if (!isLiving) throw notValid();
  return login;
}

/** Only a verdict ends the token: while it cannot be told whether the login is good, nothing is ended. */
async function verifyAnew(
  deps: RefreshDeps,
  found: StoredRefreshToken,
  credentials: Credentials,
): Promise<Login> {
  try {
    return await deps.authenticate(credentials);
  } catch (error) {
    // The credentials are as good as before.
    if (error instanceof UnusableLogin) throw error;
    if (error instanceof Fault && error.code === "UNAUTHORIZED") return end(deps, found);
    throw error;
  }
}

/** A shorter lifetime in the settings counts for tokens of before as well. */
function isOver({ now, lifetimeSeconds }: RefreshDeps, found: StoredRefreshToken): boolean {
  const { createdAt, expiresAt, revokedAt } = found;
  const end = Math.min(expiresAt.getTime(), createdAt.getTime() + lifetimeSeconds * 1000);
  return revokedAt !== null || end <= now();
}

function isOwner({ kind, realm, uid }: StoredRefreshToken, identity: Identity): boolean {
  return (
    uid === identity.uid && realm === identity.realm && (kind === null || kind === identity.kind)
  );
}

async function end({ db }: RefreshDeps, { id }: StoredRefreshToken): Promise<never> {
  await endRefreshToken(db, id);
  throw notValid();
}

function programOf({ clientId }: RefreshBinding, { userAgent }: RefreshOrigin): string {
  return [clientId, userAgent]
    .filter((part) => part !== "")
    .join(", ")
    .slice(0, MAX_PROGRAM_CHARACTERS);
}

/** One text for every reason: whoever tries tokens learns nothing. */
function notValid(): Fault {
  return new Fault("UNAUTHORIZED", {
    message: "the refresh token is not valid any more: log in again",
  });
}
