import { z } from "zod";
import type { Identity } from "#access-policy/identity.js";
import { Fault } from "#registry-protocol/faults.js";
import { Secret } from "#service-kit/secret.js";
import type { Credentials, Login } from "../identity/identity-source.js";
import { UnusableLogin } from "../identity/make-login.js";
import { isClientTaken } from "./clients.js";
import type { RefreshBinding, RefreshDeps } from "./refresh-tokens.js";
import type { RefreshOrigin } from "./record-tokens.js";
import { reasonOfEnd, refusedToken, type EndReason } from "./refusals.js";
import { hashToken, unseal } from "./seal.js";
import { endRefreshToken, findRefreshToken, noteUse, type StoredRefreshToken } from "./sql.js";
import { isWellFormed } from "./token-form.js";

const sealedLoginSchema = z.object({ username: z.string(), password: z.string() });

const MAX_PROGRAM_CHARACTERS = 200;

/**
 * @param deps - database and the way to verify a login
 * @param token - what the client shows
 * @param bound - client and service that show it
 * @param origin - where from, and by which program, for the owner to see
 * @returns the login, verified just now
 * @throws Fault UNAUTHORIZED, which says why, when the token is unknown, ended, over, another service's, shown by a client
 *   that a setting does not take, or when its login is no longer good; UNAVAILABLE when that cannot be told
 */
export async function redeemRefreshToken(
  deps: RefreshDeps,
  token: string,
  bound: RefreshBinding,
  origin: RefreshOrigin,
): Promise<Login> {
  if (!isWellFormed(token)) throw refusedToken("malformed");
  const found = await findRefreshToken(deps.db, hashToken(token));
  if (found === null) throw refusedToken("unknown");
  if (found.revokedAt !== null) throw refusedToken(reasonOfEnd(found.endReason));
  if (isOver(deps, found)) throw refusedToken("expired");
  if (found.service !== bound.service) return end(deps, found, "other-service", origin);
  if (!isClientTaken(bound.clientId, deps.takenClients)) throw refusedToken("client-not-taken");
  const { username, password } = sealedLoginSchema.parse(
    JSON.parse(unseal(token, found.sealedLogin)),
  );
  const login = await verifyAnew(deps, found, { username, password: new Secret(password) }, origin);
  if (!isOwner(found, login.identity)) return end(deps, found, "other-owner", origin);
  const isLiving = await noteUse(deps.db, found.id, {
    kind: login.identity.kind,
    address: origin.address,
    clientId: bound.clientId,
    program: programOf(bound, origin),
    validUntil: login.validUntil === null ? null : new Date(login.validUntil * 1000),
  });
  // While its login was verified.
  if (!isLiving) throw refusedToken("ended");
  return login;
}

/** Only a verdict ends the token: while it cannot be told whether the login is good, nothing is ended. */
async function verifyAnew(
  deps: RefreshDeps,
  found: StoredRefreshToken,
  credentials: Credentials,
  origin: RefreshOrigin,
): Promise<Login> {
  try {
    return await deps.authenticate(credentials);
  } catch (error) {
    // The credentials are as good as before.
    if (error instanceof UnusableLogin) throw error;
    if (error instanceof Fault && error.code === "UNAUTHORIZED")
      return end(deps, found, "login-refused", origin, error.message);
    throw error;
  }
}

/** A shorter lifetime in the settings counts for tokens of before as well. */
function isOver({ lifetimeSeconds }: RefreshDeps, found: StoredRefreshToken): boolean {
  return found.hasExpired || found.ageSeconds >= lifetimeSeconds;
}

function isOwner({ kind, realm, uid }: StoredRefreshToken, identity: Identity): boolean {
  return (
    uid === identity.uid && realm === identity.realm && (kind === null || kind === identity.kind)
  );
}

async function end(
  { db, record }: RefreshDeps,
  found: StoredRefreshToken,
  reason: EndReason,
  origin: RefreshOrigin,
  more?: string,
): Promise<never> {
  if (await endRefreshToken(db, found.id, reason)) record.ended(found, reason, origin);
  throw refusedToken(reason, more);
}

function programOf({ clientId }: RefreshBinding, { userAgent }: RefreshOrigin): string {
  return [clientId, userAgent]
    .filter((part) => part !== "")
    .join(", ")
    .slice(0, MAX_PROGRAM_CHARACTERS);
}
