import { Fault } from "#registry-protocol/faults.js";

/** Why a token was ended; stands in the database. */
export type EndReason =
  "revoked" | "pushed-out" | "login-refused" | "other-owner" | "other-service";

/**
 * What whoever shows a refresh token is told. It has 256 random bits: who has one, of whatever state, got it from us or
 * from its owner, and nobody finds one by asking.
 */
const SENTENCES = {
  malformed: "the refresh token is not of the form of one: it was cut or changed on its way",
  unknown:
    "the refresh token is not known here: it is another registry's, or it ended over a week ago",
  expired: "the refresh token has expired",
  ended: "the refresh token was ended",
  revoked: "the refresh token was ended by its owner",
  "pushed-out": "the refresh token was ended because younger logins took its place",
  "login-refused": "the refresh token was ended because the login behind it is refused",
  "other-owner": "the refresh token was ended because the login behind it has become another one",
  "other-service": "the refresh token was issued for another service",
  "client-not-taken": "the refresh token is not taken from this client (REFRESH_TOKEN_CLIENTS)",
} as const satisfies Record<EndReason, string> & Record<string, string>;

/** Why a refresh token is refused. */
export type RefusalReason = keyof typeof SENTENCES;

/**
 * @param reason - why
 * @param more - what a login said that is refused; shown after the reason
 * @returns the fault to throw
 */
export function refusedToken(reason: RefusalReason, more?: string): Fault {
  const because = more === undefined ? SENTENCES[reason] : `${SENTENCES[reason]} (${more})`;
  return new Fault("UNAUTHORIZED", { message: `${because}: log in again` });
}

/**
 * @param stored - why it was ended, as the database has it
 * @returns the reason to tell; one that a younger replica wrote, or none, says no more than that it was ended
 */
export function reasonOfEnd(stored: string | null): RefusalReason {
  return stored !== null && Object.hasOwn(SENTENCES, stored) ? (stored as RefusalReason) : "ended";
}
