import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import type { FetchJson } from "#service-kit/http/fetch-json.js";
import {
  askedService,
  unavailable,
  undecided,
  type AskService,
} from "../safeguards/asked-service.js";
import { rememberedLogins } from "../safeguards/remembered-logins.js";
import type { IdentitySource, VerifiedLogin } from "../identity-source.js";
import { makeLogin } from "../make-login.js";

/** For how long an answer holds. */
export interface TokeninfoOptions {
  /** An answer is used this long at most, so a revoked token stops within it. */
  readonly cacheSeconds: number;
  /** How long a token that was right goes on while the service does not decide; absent: not at all. */
  readonly outageSeconds?: number | undefined;
  /** Which realms the service may say; absent: every one. */
  readonly mayBeOf?: (realm: string) => boolean;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  /** Absent: the service is asked directly. */
  readonly fetchJson?: FetchJson;
}

export const DEFAULT_CACHE_SECONDS = 60;

const NAME = "the token information service";
const TIMEOUT_MILLISECONDS = 5_000;
/** RFC 6750, section 3.1, and Pier One's tokeninfo: the token is wrong. Nothing else says so by its status. */
const REFUSALS: readonly number[] = [400, 401];
/** RFC 6749, appendix A.12: of what else an access token cannot be. */
const ACCESS_TOKEN = /^[\x20-\x7e]+$/;

/** RFC 7662, section 2.2, or a service that puts RFC 6750's error into an answer of its own. */
const refusalSchema = z.union([
  z.object({ active: z.literal(false) }),
  z.object({ error: z.enum(["invalid_token", "invalid_request", "invalid_grant"]) }),
]);

/** Some providers give scopes as a list, RFC 7662 as one string with spaces; Google gives seconds as text. */
const tokeninfoSchema = z.object({
  uid: z.string().min(1),
  realm: z.string().default(""),
  scope: z
    .union([z.array(z.string()), z.string().transform((text) => text.split(" "))])
    .default([]),
  expires_in: z
    .union([
      z.number(),
      z
        .string()
        .regex(/^-?\d+$/)
        .transform(Number),
    ])
    .optional(),
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
  options: TokeninfoOptions = { cacheSeconds: DEFAULT_CACHE_SECONDS, now: Date.now },
): IdentitySource {
  const { cacheSeconds, outageSeconds, now, fetchJson } = options;
  const ask = askedService({
    name: NAME,
    timeoutMilliseconds: TIMEOUT_MILLISECONDS,
    now,
    fetchJson,
  });
  const remembered = rememberedLogins({ seconds: cacheSeconds, outageSeconds, now });
  return {
    name: "oauth2",
    accepts: ({ username }) => username === "oauth2",
    verify: async (credentials) => {
      const accessToken = credentials.password;
      if (!ACCESS_TOKEN.test(accessToken.reveal())) throw notValid();
      const check = () => checkToken(ask, url, accessToken.reveal(), options);
      return { ...(await remembered.verify(credentials, check)), accessToken };
    },
  };
}

async function checkToken(
  ask: AskService,
  tokeninfoUrl: string,
  token: string,
  { now, mayBeOf = () => true }: TokeninfoOptions,
): Promise<VerifiedLogin> {
  const url = new URL(tokeninfoUrl);
  url.searchParams.set("access_token", token);
  const reply = await ask(url);
  const { status, body } = reply;
  if (REFUSALS.includes(status)) throw notValid();
  if (status !== 200) throw undecided(NAME, reply);
  if (refusalSchema.safeParse(body).success) throw notValid();
  const info = tokeninfoSchema.safeParse(body);
  if (!info.success)
    throw unavailable(NAME, new Error(`it answered ${status} with a body that is no token info`));
  const { uid, realm, scope, expires_in: expiresIn } = info.data;
  if (expiresIn !== undefined && expiresIn <= 0) throw notValid();
  if (!mayBeOf(realm)) throw foreignRealm();
  const validUntil = expiresIn === undefined ? null : Math.floor(now() / 1000 + expiresIn);
  return makeLogin("oauth2", { uid, realm, scopes: scope, validUntil });
}

function notValid(): Fault {
  return new Fault("UNAUTHORIZED", { message: "the OAuth token is not valid or has expired" });
}

function foreignRealm(): Fault {
  return new Fault("UNAUTHORIZED", {
    message:
      "the OAuth token is right, but its realm is not one that the token information service may say: an administrator has to change that",
  });
}
