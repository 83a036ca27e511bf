/** What is shown to a registry. */
export interface Login {
  /** User name; `null` for a bare OAuth access token. `<token>` marks a refresh token, as in docker's store. */
  readonly user: string | null;
  readonly secret: string;
  /** Where it comes from, for whoever wonders which login counts. */
  readonly origin: string;
}

/** User name that a bare access token has in Basic credentials. */
export const TOKEN_USER = "oauth2";
/** User name that stands for a refresh token in docker's store. */
export const REFRESH_TOKEN_USER = "<token>";

/**
 * @param text - `user:password`, or a bare access token
 * @param origin - where it comes from
 * @returns the login; `null` when there is no text
 */
export function parseLogin(text: string, origin: string): Login | null {
  const trimmed = text.trim();
  if (trimmed === "") return null;
  const colon = trimmed.indexOf(":");
  if (colon === -1) return { user: null, secret: trimmed, origin };
  return { user: trimmed.slice(0, colon), secret: trimmed.slice(colon + 1), origin };
}

/**
 * @param login - a login
 * @returns Basic credentials, which every call takes
 */
export function basicOf({ user, secret }: Login): string {
  return `Basic ${Buffer.from(`${user ?? TOKEN_USER}:${secret}`).toString("base64")}`;
}

/**
 * @param login - a login
 * @returns value of the header `Authorization` for the REST API
 */
export function authorizationOf(login: Login): string {
  return login.user === null ? `Bearer ${login.secret}` : basicOf(login);
}
