import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import { askedService, unavailable, type AskService } from "./safeguards/asked-service.js";
import { rememberedLogins, type VerifiedLogin } from "./safeguards/remembered-logins.js";
import type { IdentitySource } from "./identity-source.js";

/** For how long an answer holds. */
export interface TokeninfoOptions {
  /** An answer is used this long at most, so a revoked token stops within it. */
  readonly cacheSeconds: number;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
}

export const DEFAULT_CACHE_SECONDS = 60;

const NAME = "the token information service";
const TIMEOUT_MILLISECONDS = 5_000;

/** Some providers give scopes as a list, RFC 7662 as one string with spaces; Google gives seconds as text. */
const tokeninfoSchema = z.object({
  uid: z.string().min(1).max(255),
  realm: z.string().default(""),
  scope: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(" "))])
    .default([]),
  expires_in: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).optional(),
});

/**
 * Logins `oauth2:<access token>`, verified by the company's token information service
 * (`GET <url>?access_token=…`, as Pier One calls it).
 *
 * @param url - URL of that service
 * @param options - for how long its answers hold
 * @returns the identity source
 */
export function tokeninfoSource(
  url: string,
  { cacheSeconds, now }: TokeninfoOptions = { cacheSeconds: DEFAULT_CACHE_SECONDS, now: Date.now },
): IdentitySource {
  const ask = askedService({ name: NAME, timeoutMilliseconds: TIMEOUT_MILLISECONDS, now });
  const remembered = rememberedLogins({ seconds: cacheSeconds, now });
  return {
    name: "oauth2",
    accepts: ({ username }) => username === "oauth2",
    verify: async (credentials) => {
      const accessToken = credentials.password;
      const check = () => checkToken(ask, url, { token: accessToken.reveal(), now });
      return { ...(await remembered.verify(credentials, check)), accessToken };
    },
  };
}

async function checkToken(
  ask: AskService,
  tokeninfoUrl: string,
  { token, now }: { token: string; now: () => number },
): Promise<VerifiedLogin> {
  const url = new URL(tokeninfoUrl);
  url.searchParams.set("access_token", token);
  const { status, body } = await ask(url);
  if (status >= 400) throw notValid();
  const info = tokeninfoSchema.safeParse(body);
  if (status !== 200 || !info.success)
    throw unavailable(NAME, new Error(`it answered ${status} with a body that is no token info`));
  const { uid, realm, scope, expires_in: expiresIn } = info.data;
  if (expiresIn !== undefined && expiresIn <= 0) throw notValid();
  return {
    identity: { uid, realm, scopes: scope, kind: "oauth2", claims: {}, limits: null },
    teams: null,
    validUntil: expiresIn === undefined ? null : Math.floor(now() / 1000 + expiresIn),
  };
}

function notValid(): Fault {
  return new Fault("UNAUTHORIZED", { message: "the OAuth token is not valid or has expired" });
}
