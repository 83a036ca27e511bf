import type { X509Certificate } from "node:crypto";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { rememberedLeaves } from "./certificate-chain.js";
import type { SigningKey } from "./signing-key.js";
import { signStatement, verifyStatement } from "./statement.js";

/** Header in which a gateway tells the token server for whom it asks. */
export const CALLER_HEADER = "wharfinger-caller";

/** `typ` of the statement: no token for the registry, and no checkpoint, is taken for one. */
const TYPE = "wharfinger-caller+jwt";
const AUDIENCE = "wharfinger-token-server";
const LIFETIME_SECONDS = 30;
/** How far the clocks of gateway and token server may differ. */
const LEEWAY_SECONDS = 30;
/** Longer than a statement can be good for, whatever the clocks say. */
const REMEMBERED = { max: 100_000, ttl: (LIFETIME_SECONDS + 3 * LEEWAY_SECONDS) * 1000 };

/** For whom a gateway asks. */
export interface ToldCaller {
  /** Bare IP address. */
  readonly address: string;
  readonly requestId: string;
  /** The registry whose gateway was asked (`TOKEN_SERVICE`); absent: a gateway of before, which says none. */
  readonly service?: string | undefined;
}

/** The request that a statement belongs to. */
export interface ToldRequest {
  readonly method: string;
  /** Path without query. */
  readonly path: string;
}

const claimsSchema = z.object({
  aud: z.literal(AUDIENCE),
  nbf: z.number().int(),
  exp: z.number().int(),
  jti: z.string().min(1).max(64),
  method: z.string(),
  path: z.string(),
  address: z.union([z.ipv4(), z.ipv6()]),
  request: z.string().regex(/^[A-Za-z0-9._-]{1,64}$/),
  service: z.string().min(1).max(255).optional(),
});

/**
 * Says for whom a request is made. Good for one request, and for half a minute.
 *
 * @param key - key of the gateway, certified
 * @param caller - for whom
 * @param request - what is asked
 * @param made - unique id, and when, in seconds since the epoch
 * @returns value of {@link CALLER_HEADER}: a JWS in compact serialisation (RFC 7515)
 */
export function signCaller(
  key: SigningKey,
  caller: ToldCaller,
  request: ToldRequest,
  made: { readonly id: string; readonly at: number },
): string {
  return signStatement(key, TYPE, {
    aud: AUDIENCE,
    nbf: made.at,
    exp: made.at + LIFETIME_SECONDS,
    jti: made.id,
    method: request.method,
    path: request.path,
    address: caller.address,
    request: caller.requestId,
    ...(caller.service === undefined ? {} : { service: caller.service }),
  });
}

/** Verifies what gateways say of callers. */
export type CallerVerifier = (token: string, request: ToldRequest) => ToldCaller;

/**
 * @param trust - certificates of the authorities that certify gateways' keys, clock in milliseconds, and who hears of
 *   gateways' clocks
 * @returns the verifier; throws Error that says why a statement is not believed, and believes each but once
 */
export function callerVerifier(trust: {
  readonly anchors: () => readonly X509Certificate[];
  readonly now: () => number;
  /** Told when a gateway that is trusted says that it is, and the id of its key, whatever else is wrong with that. */
  readonly onTime: (keyId: string, milliseconds: number) => void;
}): CallerVerifier {
  const leafOf = rememberedLeaves();
  const seen = new LRUCache<string, true>(REMEMBERED);
  return (token, request) => {
    const at = new Date(trust.now());
    const anchors = trust.anchors();
    const { payload, keyId } = verifyStatement(token, TYPE, { anchors, at, leafOf });
    const claims = claimsSchema.safeParse(payload);
    if (!claims.success) throw new Error("signed, but says nothing of a caller");
    const { nbf, exp, jti, method, path, address, request: requestId, service } = claims.data;
    if (!seen.has(jti)) trust.onTime(keyId, nbf * 1000);
    const now = trust.now() / 1000;
    if (nbf > now + LEEWAY_SECONDS) throw new Error("made in the future");
    if (exp > nbf + LIFETIME_SECONDS || now > exp + LEEWAY_SECONDS) throw new Error("made too long ago"); // prettier-ignore
    if (method !== request.method || path !== request.path) throw new Error("made for another request"); // prettier-ignore
    if (seen.has(jti)) throw new Error("used before");
    seen.set(jti, true);
    return { address, requestId, service };
  };
}
