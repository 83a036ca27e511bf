import { randomUUID } from "node:crypto";
import { exportJWK, generateKeyPair, SignJWT, type JWK } from "jose";
import type { Access, Action } from "#registry-protocol/scope.js";
import { startUpstream, type UpstreamDouble } from "./upstream-double.js";

export const ISSUER = "wharfinger";
export const SERVICE = "wharfinger";

/** What is said to whoever asks for lists, unless `extra` says otherwise. */
const EVERYTHING = { rules: ["+**"], values: {}, limits: null };

/** What of a token is not the default: a valid token of alice that grants nothing. */
export interface TokenClaims {
  readonly access?: readonly Access[];
  readonly refused?: readonly object[];
  readonly subject?: string;
  readonly kind?: string;
  readonly issuer?: string;
  readonly audience?: string;
  /** Seconds from now. */
  readonly notBefore?: number;
  readonly expiresIn?: number;
  readonly extra?: Readonly<Record<string, unknown>>;
  /** A claim that is left out. */
  readonly without?: string;
}

/** A key that signs tokens. */
export interface TestSigner {
  readonly publicJwk: JWK;
  sign(
    claims?: TokenClaims,
    header?: { readonly alg?: string } & Readonly<Record<string, unknown>>,
  ): Promise<string>;
}

/** Stands for the token server: signs, and publishes its key. */
export interface TokenAuthority extends TestSigner {
  readonly server: UpstreamDouble;
  /** @returns an `Authorization` header that grants these actions on a repository, `alpha/app` when not named */
  bearer(actions: readonly Action[], repository?: string): Promise<string>;
  /** Publishes another set of keys from now on. */
  publish(keys: readonly JWK[]): void;
}

/**
 * @param alg - what the key is for (RFC 7518); it can do more than that where its `publicJwk` does not say so
 * @returns a signer with a new key, in nobody's key set
 */
export async function newSigner(alg: "ES256" | "RS256" = "ES256"): Promise<TestSigner> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const kid = randomUUID();
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: "sig" };
  const privateJwk = await exportJWK(privateKey);
  return {
    publicJwk,
    sign: (claims = {}, header: { readonly alg?: string } = {}) => {
      const now = Math.floor(Date.now() / 1000);
      const lists = (claims.access ?? []).some(({ type }) => type === "registry");
      const all = {
        ...(lists ? { view: EVERYTHING } : {}),
        access: claims.access ?? [],
        refused: claims.refused ?? [],
        realm: "/employees",
        kind: claims.kind ?? "oauth2",
        ...claims.extra,
        sub: claims.subject ?? "alice",
        iss: claims.issuer ?? ISSUER,
        aud: claims.audience ?? SERVICE,
        jti: randomUUID(),
        iat: now,
        nbf: now + (claims.notBefore ?? -60),
        exp: now + (claims.expiresIn ?? 900),
      };
      const kept = Object.entries(all).filter(([name]) => name !== claims.without);
      return new SignJWT(Object.fromEntries(kept))
        .setProtectedHeader({ alg, typ: "JWT", kid, ...header })
        .sign({ ...privateJwk, alg: header.alg ?? alg });
    },
  };
}

/** @returns a token server of its own, listening */
export async function startTokenAuthority(): Promise<TokenAuthority> {
  const signer = await newSigner();
  let keys: readonly JWK[] = [signer.publicJwk];
  const server = await startUpstream((req, res) => {
    req.resume();
    res.setHeader("Content-Type", "application/json");
    if (req.url?.startsWith("/.well-known/jwks.json") === true) res.end(JSON.stringify({ keys }));
    else res.end(JSON.stringify({ token: "from the token server" }));
  });
  return {
    ...signer,
    server,
    bearer: async (actions, repository = "alpha/app") => {
      const access: Access = { type: "repository", name: repository, actions };
      return `Bearer ${await signer.sign({ access: [access] })}`;
    },
    publish: (others) => {
      keys = others;
    },
  };
}
