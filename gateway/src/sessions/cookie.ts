import type { IncomingMessage } from "node:http";

/** RFC 6265bis section 4.1.3.2: with TLS no other host and no page without it can have set it. */
const WITH_TLS = "__Host-wharfinger";
const WITHOUT_TLS = "wharfinger";
const SECRET = /^[A-Za-z0-9_-]{43}$/;

/**
 * @param req - a request
 * @param origin - URL under which the client reaches us
 * @returns the secret in its cookie; `null`: it has none that could be one
 */
export function secretOf(req: IncomingMessage, origin: string): string | null {
  const name = nameFor(origin);
  for (const pair of (req.headers.cookie ?? "").split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key === name && value !== undefined && SECRET.test(value)) return value;
  }
  return null;
}

/**
 * No script reads it, and no other site's page has it sent. It ends with the browser; how long it counts is for the server to
 * say.
 *
 * @param origin - URL under which the client reaches us
 * @param secret - what is to be kept; `null`: nothing any more
 * @returns value of `Set-Cookie`
 */
export function cookieFor(origin: string, secret: string | null): string {
  const secure = isSecure(origin) ? "; Secure" : "";
  const gone = secret === null ? "; Max-Age=0" : "";
  return `${nameFor(origin)}=${secret ?? ""}; Path=/; HttpOnly; SameSite=Strict${secure}${gone}`;
}

function nameFor(origin: string): string {
  return isSecure(origin) ? WITH_TLS : WITHOUT_TLS;
}

function isSecure(origin: string): boolean {
  return origin.startsWith("https:");
}
