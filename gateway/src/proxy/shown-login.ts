import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";

/** How a client says who it is. */
export type Shown =
  | { readonly kind: "nobody" }
  /** A token of the token server's, as far as it says itself: it has yet to be verified. */
  | { readonly kind: "registry-token" }
  /** What somebody logs in with, in the form of Basic credentials. */
  | { readonly kind: "password" | "access-token"; readonly basic: string };

/**
 * Pier One's clients show their OAuth token as `Bearer`, where registry clients show what they got for it.
 *
 * @param authorization - `Authorization` header, if any
 * @param issuer - who issues registry tokens
 * @returns what is shown
 * @throws Fault UNAUTHORIZED for a header of another form
 */
export function shownLogin(authorization: string | undefined, issuer: string): Shown {
  if (authorization === undefined) return { kind: "nobody" };
  if (/^basic +/i.test(authorization)) return { kind: "password", basic: authorization };
  const token = /^(?:bearer|token) +(\S+) *$/i.exec(authorization)?.[1];
  if (token === undefined)
    throw new Fault("UNAUTHORIZED", { message: "wanted is Bearer, Token or Basic credentials" });
  if (isRegistryToken(token, issuer)) return { kind: "registry-token" };
  const basic = `Basic ${Buffer.from(`oauth2:${token}`).toString("base64")}`;
  return { kind: "access-token", basic };
}

const claims = z.object({ iss: z.unknown().optional(), access: z.unknown().optional() });

/**
 * By what a token says itself, unverified: that decides who verifies it, and nothing else. Also one that other issuers made for a
 * registry is no OAuth token (`access`: Docker's token specification), and is no failed login of whoever shows it.
 */
function isRegistryToken(token: string, issuer: string): boolean {
  const [, payload = "", signature] = token.split(".");
  if (signature === undefined) return false;
  const said = claims.safeParse(jsonOrNull(Buffer.from(payload, "base64url").toString("utf8")));
  return said.success && (said.data.iss === issuer || Array.isArray(said.data.access));
}
