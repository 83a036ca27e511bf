import { hash, hkdfSync, randomBytes } from "node:crypto";
import { decrypt, encrypt, NONCE_BYTES } from "#service-kit/aes-gcm.js";
import type { Queryable } from "#service-kit/db/pool.js";
import {
  deleteSession,
  forgetSessions,
  insertSession,
  readSession,
  renewSession,
  type SessionLimits,
  type SessionOwner,
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
  readonly begin: (authorization: string, owner: SessionOwner) => Promise<string>;
  /** @returns the session with that secret, unless it has ended; `renews`: somebody is there */
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
 * @returns the sessions
 */
export function pageSessions(db: Queryable, limits: SessionLimits): Sessions {
  return {
    begin: async (authorization, owner) => {
      const secret = randomBytes(SECRET_BYTES).toString("base64url");
      const sealedLogin = encrypt(keyOf(secret), randomBytes(NONCE_BYTES), Buffer.from(authorization)); // prettier-ignore
      await insertSession(db, { hash: hashOf(secret), sealedLogin }, owner);
      await forgetSessions(db, owner, { ...limits, most: MOST_OF_ONE });
      return secret;
    },
    find: async (secret, renews) => {
      const found = await readSession(db, hashOf(secret), limits);
      if (found === null) return null;
      if (renews) await renewSession(db, hashOf(secret), limits);
      const { sealedLogin, ...session } = found;
      return { ...session, authorization: decrypt(keyOf(secret), sealedLogin).toString("utf8") };
    },
    end: (secret) => deleteSession(db, hashOf(secret)),
  };
}

/** 256 random bits: a fast hash is enough. */
function hashOf(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}

function keyOf(secret: string): Buffer {
  return Buffer.from(hkdfSync("sha256", secret, "", "wharfinger page session", 32));
}
