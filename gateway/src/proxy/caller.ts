import { hash } from "node:crypto";
import { errors, jwtVerify, type JWTPayload } from "jose";
import { LRUCache } from "lru-cache";
import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import type { View } from "#access-policy/view.js";
import type { Access } from "#registry-protocol/scope.js";
import { steadyNow } from "#service-kit/clocks/clock-reading.js";
import { beginPart, shownAs } from "#service-kit/request-at-hand.js";
import type { Part } from "#service-kit/trace.js";
import { groundsSchema, type GroundsClaim } from "./granted-by.js";
import { knownKeys, KeysTooOld, type KnownKeysOptions } from "./known-keys.js";
import { unpackView } from "./unpack-view.js";
import { faultOfClocks, TOKEN_SERVER, type KnownClocks } from "./token-clock.js";

/** A view that fits into no token: token servers have it, by this digest. */
export interface KeptView {
  readonly digest: string;
}

/** Whoever sent a request, as their verified token says. */
export interface Caller {
  /** Name that goes into the ledger; empty for an anonymous reader. */
  readonly subject: string;
  readonly realm: string;
  readonly kind: string;
  readonly access: readonly Access[];
  /** All that they may pull; `"not-told"` by a token for something else, `"too-long"` where nobody keeps it. */
  readonly view: View | KeptView | "not-told" | "too-long";
  /** Whether their login has the scope `application.write_all_trusted`. */
  readonly isTrusted: boolean;
  /** By what they may what they may; absent: their token is of a version that did not say. */
  readonly grant?: GroundsClaim;
  /** When their token ends, in seconds since the epoch. */
  readonly validUntil: number;
  /** What the token server was asked for and refused, with its reasons. */
  readonly refused: readonly {
    readonly type: string;
    readonly name: string;
    readonly action: string;
    readonly reason: string;
    /** Id of the rule that denies it; absent: none allows it, or the token is of a version that did not say. */
    readonly rule?: string | undefined;
  }[];
}

/** The token is no valid one; the text says why and holds nothing of it. */
export class InvalidToken extends Error {
  override readonly name: string = "InvalidToken";
}

/** The token was good and has ended since: what it says can still be believed. */
export class ExpiredToken extends InvalidToken {
  override readonly name = "ExpiredToken";
  readonly caller: Caller;
  /** Why that is not its bearer's fault, when it is not. */
  readonly fault: Fault | null;

  constructor(caller: Caller, fault: Fault | null) {
    super("the token has expired");
    this.caller = caller;
    this.fault = fault;
  }
}

/** Verifies the token in an `Authorization` header. */
export interface TokenVerifier {
  /**
   * @param authorization - the header, if any
   * @returns the caller, or `null` when the request carries no bearer token
   * @throws InvalidToken (ExpiredToken when its end is all that is wrong), or Fault UNAVAILABLE when the signing keys
   *   cannot be had, or clocks differ so that it says nothing that it is not yet good
   */
  verify(authorization: string | undefined): Promise<Caller | null>;
  /**
   * @param authorization - the header, if any
   * @returns whom {@link verify} found for the same token a moment ago, while that still counts; `null`: that has to be asked
   */
  recall(authorization: string | undefined): Caller | null;
  /** @returns whether there are signing keys to verify by, which were had at least once */
  readonly hasKeys: () => boolean;
  /** Reloads the signing keys; keeps the ones it has when that fails, as long as they may be kept. */
  refresh(): Promise<void>;
}

const action = z.enum(["pull", "push", "delete", "*"]);
const claimsSchema = z.object({
  sub: z.string().default(""),
  realm: z.string().default(""),
  kind: z.string().default(""),
  trusted: z.boolean().default(false),
  view: z.unknown().optional(),
  viewDigest: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  access: z.array(z.object({ type: z.string(), name: z.string(), actions: z.array(action) })),
  refused: z
    .array(
      z.object({
        ...{ type: z.string(), name: z.string(), action: z.string(), reason: z.string() },
        rule: z.string().optional(),
      }),
    )
    .default([]),
  // What is on record is not what lets somebody: a claim of another form takes nothing from anybody.
  grant: groundsSchema.optional().catch(undefined),
});

/** What was told so lately needs not be asked again. */
const CLOCK_KNOWN_MILLISECONDS = 1_000;

/** A client shows the same token with each of its requests. */
const REMEMBERED = { max: 10_000, ttl: 60_000 };

/**
 * @param trust - where the token server publishes its keys, and the issuer and audience to insist on
 * @returns a verifier that keeps the last known keys while the token server is away
 */
export function tokenVerifier(trust: {
  /** One at least. */
  readonly jwksUrls: readonly URL[];
  readonly issuer: string;
  readonly audience: string;
  /** How far clocks may differ, in seconds. */
  readonly leewaySeconds: number;
  /** How long keys count that could not be asked for again, in seconds. */
  readonly keysMaxAgeSeconds: number;
  readonly clocks: KnownClocks;
  /** See {@link KnownKeysOptions}; absent: it says nothing of itself. */
  readonly introduce?: KnownKeysOptions["introduce"];
  /** Current time in milliseconds since the epoch; absent: the system's. */
  readonly now?: () => number;
}): TokenVerifier {
  const now = trust.now ?? Date.now;
  const { clocks, leewaySeconds } = trust;
  let clockToldAt = -Infinity;
  const keys = knownKeys(trust.jwksUrls, {
    maxAgeSeconds: trust.keysMaxAgeSeconds,
    now,
    introduce: trust.introduce ?? (() => ({})),
    onTime: (reading) => {
      clockToldAt = reading.takenAt;
      clocks.note(TOKEN_SERVER, reading);
    },
  });
  const blameOf = async ({ claim, payload }: Untimely) => {
    // Whoever is told "not yet" has just got the token: its clock may have been set since it was asked last.
    const isOld = steadyNow() - clockToldAt > CLOCK_KNOWN_MILLISECONDS;
    if (claim === "nbf" && isOld) await keys.refresh().catch(() => undefined);
    return faultOfClocks(clocks, payload, { seconds: now() / 1000, leewaySeconds });
  };
  const options = {
    issuer: trust.issuer,
    audience: trust.audience,
    algorithms: ["ES256", "RS256"],
    clockTolerance: leewaySeconds,
    requiredClaims: ["exp", "nbf", "iat"],
  };
  const remembered = new LRUCache<string, Verified>(REMEMBERED);
  const recall = (token: string): Caller | null => {
    const known = remembered.get(fingerprintOf(token));
    const counts = known && now() / 1000 < known.expiresAt && keys.has(known.keyId);
    return counts ? known.caller : null;
  };
  return {
    recall: (authorization) => {
      const token = tokenIn(authorization);
      return token === null ? null : recall(token);
    },
    verify: async (authorization) => {
      const token = tokenIn(authorization);
      if (token === null) return null;
      const known = recall(token);
      if (known !== null) return known;
      const part = beginPart(() => VERIFYING);
      const currentDate = new Date(now());
      const verified = jwtVerify(token, keys.find, { ...options, currentDate });
      const { payload, protectedHeader } = await shownAs(part, verified).catch(
        async (error: unknown) => {
          const late = untimely(error);
          throw verificationError(error, late && (await blameOf(late)));
        },
      );
      const caller = toCaller(payload);
      const { kid: keyId = "" } = protectedHeader;
      remembered.set(fingerprintOf(token), { caller, keyId, expiresAt: payload.exp ?? 0 });
      return caller;
    },
    hasKeys: () => keys.had(),
    refresh: () => keys.refresh(),
  };
}

const VERIFYING: Part = { kind: "internal", name: "verify token", facts: {} };

/** RFC 6750 section 2.1. */
function tokenIn(authorization: string | undefined): string | null {
  return /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1] ?? null;
}

/** Nobody who reads this memory gets a token from it. */
function fingerprintOf(token: string): string {
  return hash("sha256", token, "base64");
}

interface Verified {
  readonly caller: Caller;
  /** Key that signed the token: withdrawn, it takes all of its tokens with it. */
  readonly keyId: string;
  /** `exp`, in seconds; what comes after it is for the verification proper. */
  readonly expiresAt: number;
}

function toCaller(payload: JWTPayload): Caller {
  const claims = claimsSchema.safeParse(payload);
  if (!claims.success)
    throw new InvalidToken("the token's claims are not those of a registry token");
  const { sub: subject, realm, kind, access, trusted: isTrusted, refused } = claims.data;
  const { grant } = claims.data;
  const known = { subject, realm, kind, access, isTrusted, refused, ...(grant && { grant }) };
  return { ...known, view: toView(claims.data), validUntil: payload.exp ?? 0 };
}

function toView({
  view: claim,
  viewDigest: digest,
}: Pick<z.output<typeof claimsSchema>, "view" | "viewDigest">): Caller["view"] {
  if (claim === undefined) return "not-told";
  if (claim === null) return digest === undefined ? "too-long" : { digest };
  const view = unpackView(claim);
  if (view === null) throw new InvalidToken("the token's view is none");
  return view;
}

/** A token of which all is right but its time. */
interface Untimely {
  readonly claim: "nbf" | "exp";
  readonly payload: JWTPayload;
}

/** The library looks at these last. */
function untimely(error: unknown): Untimely | null {
  if (error instanceof errors.JWTExpired && error.claim === "exp")
    return { claim: "exp", payload: error.payload };
  if (error instanceof errors.JWTClaimValidationFailed && error.reason === "check_failed")
    return error.claim === "nbf" ? { claim: "nbf", payload: error.payload } : null;
  return null;
}

/** Only faults of the token itself are the client's; not having the keys is ours, and so are clocks that differ. */
function verificationError(error: unknown, fault: Fault | null): Error {
  // The library looks at the end last: signature, issuer and audience were right.
  if (error instanceof errors.JWTExpired && error.claim === "exp")
    return new ExpiredToken(toCaller(error.payload), fault);
  if (fault !== null) return fault;
  if (error instanceof errors.JWKSNoMatchingKey)
    return new InvalidToken("the token was signed by an unknown key");
  const ours = error instanceof errors.JWKSTimeout || error instanceof errors.JWKSInvalid;
  if (error instanceof KeysTooOld) return keysMissing(error);
  if (error instanceof errors.JOSEError && !ours && error.code !== "ERR_JOSE_GENERIC")
    return new InvalidToken("the token is not valid");
  return keysMissing(error);
}

function keysMissing(cause: unknown): Fault {
  return new Fault("UNAVAILABLE", {
    message: "the token server's keys cannot be had for the moment, try again",
    cause,
  });
}
