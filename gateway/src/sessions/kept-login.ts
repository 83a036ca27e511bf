import { z } from "zod";
import { jsonOrNull } from "#service-kit/json-or-null.js";

/** What a session keeps of a login, readable for its cookie's holder alone. */
export interface KeptLogin {
  /** What was logged in with: an `Authorization` header, Basic. */
  readonly authorization: string;
  /** Of a login by an OpenID provider's page; `null`: another one, which is good for as long as it is verified. */
  readonly renewal: Renewal | null;
}

/** How a login goes on that ends by itself. */
export interface Renewal {
  /** Name of the issuer, as in `PAGE_LOGINS_FILE`. */
  readonly issuer: string;
  /** Whom its tokens are about (OpenID Connect Core, section 2: `sub`). */
  readonly subject: string;
  /** When the ID token ends, in seconds since the epoch. */
  readonly endsAt: number;
  /** What gets the next one; `null`: nothing, the session ends with it. */
  readonly refreshToken: string | null;
}

const renewalSchema = z.object({
  issuer: z.string(),
  subject: z.string(),
  endsAt: z.number(),
  refreshToken: z.string().nullable(),
});

/**
 * @param text - what was kept of a renewal
 * @returns it; `null`: it is of a form that this version does not know
 */
export function readRenewal(text: string): Renewal | null {
  return renewalSchema.safeParse(jsonOrNull(text)).data ?? null;
}
