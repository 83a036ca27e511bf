import { hash, hkdfSync, randomBytes } from "node:crypto";
import { decrypt, encrypt, NONCE_BYTES } from "#service-kit/aes-gcm.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { readRenewal, type KeptLogin } from "./kept-login.js";
import { currentLogin, type RenewLogin } from "./renew-login.js";
import { claimRenewal, storeRenewal } from "./renewal-sql.js";
import {
  deleteSession,
  forgetSessions,
  insertSession,
  readSession,
  renewSession,
  type SealedLogin,
  type SessionLimits,
  type SessionOrigin,
  type SessionOwner,
  type StoredSession,
} from "./sql.js";

/** A session, to whoever has its cookie. */
export interface Session extends SessionOwner {
  /** What was logged in with: an `Authorization` header, Basic. */
  readonly authorization: string;
  /** When it ends whatever happens, and when it does if nobody is there. */
  readonly endsAt: Date;
  readonly idleEndsAt: Date;
}

/** Logins of browsers; all replicas have the same. */
export interface Sessions {
  /** @returns the secret for the cookie of a session that begins with that login, which was verified */
  readonly begin: (login: KeptLogin, owner: SessionOwner, from: SessionOrigin) => Promise<string>;
  /**
   * @returns the session with that secret, unless it has ended; `renews`: somebody is there
   * @throws Fault UNAUTHORIZED when its login has ended and there is no next one, UNAVAILABLE when that is not decided
   */
  readonly find: (secret: string, renews: boolean) => Promise<Session | null>;
  /** Ends it, everywhere at once. @returns whose it was; `null`: there was none */
  readonly end: (secret: string) => Promise<SessionOwner | null>;
}

const SECRET_BYTES = 32;
/** Of one person; the oldest ends for the next one. */
const MOST_OF_ONE = 50;

/**
 * The login is kept as it was shown, readable for the cookie's holder alone, so that each use verifies it anew and a session
 * ends no later than what it was made of.
 *
 * @param db - the ledger, by whose clock they end
 * @param limits - how long they last
 * @param renewing - gets the next login of one that ends by itself, by a clock in milliseconds since the epoch
 * @returns the sessions
 */
export function pageSessions(
  db: Queryable,
  limits: SessionLimits,
  renewing: { readonly renew: RenewLogin; readonly now: () => number },
): Sessions {
  const current = async (secret: string, found: StoredSession): Promise<KeptLogin | null> => {
    const id = hashOf(secret);
    return currentLogin(opened(secret, found), {
      ...renewing,
      claim: () => claimRenewal(db, id, found),
      store: (login) => storeRenewal(db, id, sealed(secret, login)),
      readAgain: async () => {
        const now = await readSession(db, id, limits);
        return now === null ? null : opened(secret, now);
      },
    });
  };
  return {
    begin: async (login, owner, from) => {
      const secret = randomBytes(SECRET_BYTES).toString("base64url");
      const issuer = login.renewal?.issuer ?? null;
      await insertSession(db, { hash: hashOf(secret), ...sealed(secret, login), owner, from, issuer }); // prettier-ignore
      await forgetSessions(db, owner, { ...limits, most: MOST_OF_ONE });
      return secret;
    },
    find: async (secret, renews) => {
      const found = await readSession(db, hashOf(secret), limits);
      if (found === null) return null;
      if (renews) await renewSession(db, hashOf(secret), limits);
      const login = await current(secret, found);
      if (login === null) return null;
      const { kind, realm, uid, idleEndsAt } = found;
      const endsAt = earlier(found.endsAt, login);
      return { kind, realm, uid, endsAt, idleEndsAt, authorization: login.authorization };
    },
    end: (secret) => deleteSession(db, hashOf(secret)),
  };
}

/** What has no next login ends with the one that it has. */
function earlier(endsAt: Date, { renewal }: KeptLogin): Date {
  if (renewal === null || renewal.refreshToken !== null) return endsAt;
  return new Date(Math.min(endsAt.getTime(), renewal.endsAt * 1_000));
}

function sealed(secret: string, { authorization, renewal }: KeptLogin): SealedLogin {
  const seal = (text: string) => encrypt(keyOf(secret), randomBytes(NONCE_BYTES), Buffer.from(text)); // prettier-ignore
  return {
    sealedLogin: seal(authorization),
    sealedRenewal: renewal === null ? null : seal(JSON.stringify(renewal)),
  };
}

function opened(secret: string, { sealedLogin, sealedRenewal }: SealedLogin): KeptLogin {
  const open = (bytes: Buffer) => decrypt(keyOf(secret), bytes).toString("utf8");
  return {
    authorization: open(sealedLogin),
    renewal: sealedRenewal === null ? null : readRenewal(open(sealedRenewal)),
  };
}

/**
 * @param secret - of a session's cookie: 256 random bits, so that a fast hash is enough
 * @returns what the database knows it by
 */
export function hashOf(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}

function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", "wharfinger page session", 32));
}
