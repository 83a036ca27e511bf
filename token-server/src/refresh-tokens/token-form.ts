/** No password of a person begins so; whoever finds one somewhere knows what it is. */
export const PREFIX = "wharf_rt_";
const RANDOM_PART = "[A-Za-z0-9_-]{43}";
/** Those of before had no prefix. */
const WELL_FORMED = new RegExp(`^(?:${PREFIX})?${RANDOM_PART}$`);

/**
 * Some clients show what `docker login` stored as a password. By its form alone, so that no other login, and no service
 * behind one, ever gets to see it.
 *
 * @param password - a password
 * @returns whether it is a refresh token, or what is left of one, and so nobody's password
 */
export function isShownAsPassword(password: string): boolean {
  return password.startsWith(PREFIX);
}

/**
 * @param token - what a client shows as a refresh token
 * @returns whether it can have been issued here
 */
export function isWellFormed(token: string): boolean {
  return WELL_FORMED.test(token);
}
