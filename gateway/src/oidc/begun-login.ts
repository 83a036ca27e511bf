import type { IncomingMessage } from "node:http";
import { z } from "zod";
import type { CursorSealer } from "#rest-api/cursor.js";
import { jsonOrNull } from "#service-kit/json-or-null.js";

/** A login that a browser was sent to an issuer for. */
export interface BegunLogin {
  /** Name of the issuer. */
  readonly issuer: string;
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  /** Where the page goes then: below `/ui/`. */
  readonly to: string;
  /** Secret of the session that there was before; it ends with the next. */
  readonly before: string | null;
  /** Until when it counts, in milliseconds since the epoch. */
  readonly until: number;
}

const schema = z.object({
  issuer: z.string(),
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  to: z.string(),
  before: z.string().nullable(),
  until: z.number(),
});

/** How long somebody may take at the issuer's page. */
export const BEGUN_SECONDS = 600;
const PURPOSE = "login begun on the web page";
const WITH_TLS = "__Host-wharfinger-login";
const WITHOUT_TLS = "wharfinger-login";

/**
 * Whoever comes back from the issuer has to be the browser that was sent there: nobody can have another one logged in as
 * themselves. `Lax`, since it comes back from another site; sealed, so that what is in it is for gateways alone.
 *
 * @param sealer - what all replicas open
 * @param origin - URL under which the client reaches us
 * @param begun - the login; `null`: none any more
 * @returns value of `Set-Cookie`
 */
export function begunCookie(
  sealer: Pick<CursorSealer, "seal">,
  origin: string,
  begun: BegunLogin | null,
): string {
  const isSecure = origin.startsWith("https:");
  const value = begun === null ? "" : sealer.seal(PURPOSE, JSON.stringify(begun));
  const age = begun === null ? 0 : BEGUN_SECONDS;
  return `${nameFor(origin)}=${value}; Path=/; HttpOnly; SameSite=Lax${isSecure ? "; Secure" : ""}; Max-Age=${age}`;
}

/**
 * @param sealer - what opens what any replica has sealed
 * @param req - with which a browser came back
 * @param by - URL under which the client reaches us, the issuer that it came back from, and the time in milliseconds
 * @returns the login that it was sent away with; `null`: none that counts here
 */
export function begunLoginOf(
  sealer: Pick<CursorSealer, "open">,
  req: Pick<IncomingMessage, "headers">,
  by: { readonly origin: string; readonly issuer: string; readonly now: number },
): BegunLogin | null {
  const prefix = `${nameFor(by.origin)}=`;
  const pair = (req.headers.cookie ?? "").split(/; */).find((one) => one.startsWith(prefix));
  const text = pair === undefined ? null : sealer.open(PURPOSE, pair.slice(prefix.length));
  const begun = schema.safeParse(jsonOrNull(text ?? "")).data;
  if (begun?.issuer !== by.issuer || begun.until <= by.now) return null;
  return begun;
}

function nameFor(origin: string): string {
  return origin.startsWith("https:") ? WITH_TLS : WITHOUT_TLS;
}
