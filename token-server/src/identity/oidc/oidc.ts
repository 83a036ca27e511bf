import { errors, jwtVerify, type JWTVerifyGetKey, type JWTPayload } from "jose";
import { Fault } from "#registry-protocol/faults.js";
import type { FetchJson } from "#service-kit/http/fetch-json.js";
import type { Logger } from "#service-kit/log.js";
import type { IdentitySource } from "../identity-source.js";
import { makeLogin, UnusableLogin, type LoginFacts } from "../make-login.js";
import { unavailable } from "../safeguards/asked-service.js";
import { rememberedLogins, type RememberedLogins } from "../safeguards/remembered-logins.js";
import { flattenClaims, withheldClaims, type Claims } from "./claims.js";
import { issuerKeys, type KeyTimes } from "./issuer-keys.js";
import type { Issuer } from "./issuer-schema.js";
import { claimedIssuer } from "./jwt-form.js";
import { claimsMapper, type MappedClaims } from "./map-claims.js";

export interface OidcDeps {
  /** How long a token that was right goes on while its issuer does not answer; absent: not at all. */
  readonly outageSeconds?: number | undefined;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly log: Logger;
  /** Absent: issuers are asked directly. */
  readonly fetchJson?: FetchJson;
  readonly times?: KeyTimes;
  /** Goes on with what is known of an issuer where the logins file says the same of it as before. */
  readonly keepIssuer?: <T>(index: number, issuer: string, make: () => T) => T;
}

interface TrustedIssuer {
  readonly issuer: Issuer;
  readonly remembered: RememberedLogins;
  readonly keys: JWTVerifyGetKey;
  readonly mapClaims: (claims: Claims, withheld: ReadonlySet<string>) => MappedClaims;
}

/** Clocks of issuers and ours differ; the registry allows the same. */
const LEEWAY_SECONDS = 60;
const TIMES: KeyTimes = {
  maxAgeMilliseconds: 10 * 60 * 1000,
  cooldownMilliseconds: 30_000,
  timeoutMilliseconds: 5_000,
};

/** What jose throws because of the token; everything else is the issuer's or our own failure. */
const TOKEN_ERRORS: readonly string[] = [
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWSInvalid.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JWTInvalid.code,
  errors.JWTExpired.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
];

/**
 * Logins `oidc:<ID token>`, and `oauth2:<ID token>` where the token names an issuer of the list:
 * pipelines and pods log in with the token that their platform makes for them, and store no secret.
 *
 * @param issuers - whose tokens are trusted, for whom, and what their claims mean
 * @param deps - clock, log, how issuers are asked
 * @returns the identity source
 */
export function oidcSource(
  issuers: readonly Issuer[],
  {
    outageSeconds,
    keepIssuer = (_index, _issuer, make) => make(),
    now,
    log,
    fetchJson,
    times = TIMES,
  }: OidcDeps,
): IdentitySource {
  const trusted = new Map(
    issuers.map((issuer, index): [string, TrustedIssuer] => {
      const make = (): TrustedIssuer => ({
        issuer,
        keys: issuerKeys(issuer, { times, now, log, fetchJson }),
        mapClaims: claimsMapper(issuer),
        // Each token is verified each time; what is remembered is for the time when the keys cannot be had.
        remembered: rememberedLogins({ seconds: 0, outageSeconds, now }),
      });
      return [issuer.issuer, keepIssuer(index, issuer.issuer, make)];
    }),
  );
  const find = (token: string) => trusted.get(claimedIssuer(token) ?? "");
  return {
    name: "oidc",
    accepts: ({ username, password }) =>
      username === "oidc" || (username === "oauth2" && find(password.reveal()) !== undefined),
    verify: async (credentials) => {
      const token = credentials.password.reveal();
      const from = find(token);
      if (from === undefined) throw refused("it is not a token of a trusted OIDC issuer");
      const verified = await from.remembered.verify(credentials, async () => {
        const payload = await verifyToken(token, from, now);
        const mapped = from.mapClaims(flattenClaims(payload), withheldClaims(payload));
        if ("refused" in mapped) throw refused(mapped.refused);
        const facts = { ...mapped.facts, validUntil: endOf(payload, from.issuer) };
        if ("withheld" in mapped) throw withoutTeams(facts, mapped.withheld);
        return makeLogin("oidc", facts);
      });
      return { ...verified, accessToken: null };
    },
  };
}

/** A token may be too old here before it ends by itself. */
function endOf({ exp, iat }: JWTPayload, { maxAgeSeconds }: Issuer): number | null {
  const tooOld = maxAgeSeconds === undefined || iat === undefined ? Infinity : iat + maxAgeSeconds;
  const end = Math.min(exp ?? Infinity, tooOld);
  return end === Infinity ? null : end;
}

async function verifyToken(
  token: string,
  { issuer, keys }: TrustedIssuer,
  now: () => number,
): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(token, keys, {
      issuer: issuer.issuer,
      audience: issuer.audience,
      algorithms: issuer.algorithms,
      requiredClaims: ["exp"],
      clockTolerance: LEEWAY_SECONDS,
      currentDate: new Date(now()),
      ...(issuer.maxAgeSeconds === undefined ? {} : { maxTokenAge: issuer.maxAgeSeconds }),
    });
    // jose looks at `iat` only where a maximum age is set.
    if (payload.iat !== undefined && payload.iat > now() / 1000 + LEEWAY_SECONDS)
      throw refused("it is from the future");
    return payload;
  } catch (error) {
    throw error instanceof Fault ? error : toFault(error, issuer);
  }
}

/** jose's errors carry the claims: their code alone goes on. */
function toFault(error: unknown, { issuer, audience }: Issuer): Fault {
  const code = error instanceof errors.JOSEError ? error.code : "";
  if (!TOKEN_ERRORS.includes(code))
    return unavailable(
      `the OIDC issuer ${issuer}`,
      new Error(`its keys cannot be used: ${code || (error instanceof Error ? error.name : "")}`),
    );
  if (error instanceof errors.JWTExpired)
    return refused(error.claim === "exp" ? `it expired at ${expiry(error)}` : "it is too old");
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(
      error.claim === "aud"
        ? `it is for another audience, wanted ${audience.join(" or ")}`
        : `its ${error.claim} claim is missing or wrong`,
    );
  return refused(`its signature does not prove that it is from ${issuer}`);
}

/** Without its teams, what is denied to one of them would be open to it. */
function withoutTeams({ uid, realm }: LoginFacts, claim: string): UnusableLogin {
  const objection = `the token has no room for all of the claim ${claim}, of which teams come: let it list less (docs/logins/oidc.md)`;
  return new UnusableLogin({ kind: "oidc", uid, realm }, objection);
}

function expiry({ payload }: errors.JWTExpired): string {
  return new Date((payload.exp ?? 0) * 1000).toISOString();
}

function refused(reason: string): Fault {
  return new Fault("UNAUTHORIZED", { message: `the OIDC token is refused: ${reason}` });
}
