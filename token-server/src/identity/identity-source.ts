import type { Identity } from "#access-policy/identity.js";
import type { Secret } from "#service-kit/secret.js";

/** User name and password as they came in an `Authorization: Basic` header. */
export interface Credentials {
  readonly username: string;
  readonly password: Secret;
}

/** A verified login. */
export interface Login {
  readonly identity: Identity;
  /** Teams, when the login itself says them (directory groups, token claims); `null` leaves them to be looked up. */
  readonly teams: readonly string[] | null;
  /** Groups that the login itself says and no team comes of; absent: none. */
  readonly unmappedGroups?: readonly string[];
  /** The registry that they log in at, and at no other; absent: any. */
  readonly registry?: string;
  /** When the credentials themselves end, in seconds since the epoch; `null` when they do not say. */
  readonly validUntil: number | null;
  /** The caller's own OAuth token, for asking the team service in their name; `null` where there is none. */
  readonly accessToken: Secret | null;
  /** Who made the robot whose login it is; absent: it is nobody's. */
  readonly madeBy?: string;
}

/** A login without the credential that it was verified by. */
export type VerifiedLogin = Omit<Login, "accessToken">;

/** Lets a directory say which account a typed name means, before the password is tried. */
export interface AccountGuard {
  /**
   * @param account - the account as the directory calls it, however its name was typed
   * @throws Fault TOO_MANY_REQUESTS when there were too many failures for it of late
   */
  known(account: string): Promise<void>;
}

/** One way to log in. */
export interface IdentitySource {
  /** For logs and metrics. */
  readonly name: string;
  /** @returns whether these credentials are of the kind that this source verifies */
  accepts(credentials: Credentials): boolean;
  /**
   * @param credentials - what the client showed
   * @param accounts - told of the account, where the source knows more of it than the name that was typed
   * @returns the verified login
   * @throws Fault UNAUTHORIZED when the credentials are wrong, UNAVAILABLE when that cannot be told
   */
  verify(credentials: Credentials, accounts?: AccountGuard): Promise<Login>;
}
