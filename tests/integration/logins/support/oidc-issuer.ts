import { createHmac } from "node:crypto";
import {
  exportJWK,
  exportSPKI,
  generateKeyPair,
  SignJWT,
  type CryptoKey,
  type JWK,
  type JWTPayload,
} from "jose";
import { jsonService, type JsonService, type ServiceAnswer } from "./json-service.js";

const LIFETIME_SECONDS = 300;

interface IssuerKey {
  kid: string;
  algorithm: string;
  privateKey: CryptoKey;
  publicKey: CryptoKey;
}

/** What of a token is not as usual. */
export interface TokenOptions {
  /** Milliseconds since the epoch; now when absent. */
  at?: number;
  key?: IssuerKey;
  kid?: string;
}

/** An OIDC issuer with keys of its own. */
export interface TestIssuer {
  readonly url: string;
  readonly service: JsonService;
  /** Replaces members of the discovery document. */
  discovery: object;
  /** Answers in place of the keys. */
  keysAnswer: ServiceAnswer | null;
  /** @returns a signed token; `iss`, `iat`, `nbf` and `exp` are set unless the claims say otherwise */
  token(claims: object, options?: TokenOptions): Promise<string>;
  /** Publishes another key and takes the old one back. */
  rotate(algorithm?: string): Promise<void>;
  /** @returns a token that is "signed" with HMAC, under the public key as everybody can read it */
  forgeWithPublicKey(claims: object): Promise<string>;
  stop(): Promise<void>;
}

/** @returns an issuer on a free port of the loopback */
export async function testIssuer(): Promise<TestIssuer> {
  let key = await newIssuerKey("ES256");
  let published: JWK[] = [await publicJwk(key)];
  const service = await jsonService(({ path }) => {
    if (path === "/.well-known/openid-configuration")
      return { status: 200, body: { issuer: url, jwks_uri: `${url}/keys`, ...issuer.discovery } };
    if (path === "/keys") return issuer.keysAnswer ?? { status: 200, body: { keys: published } };
    return { status: 404, body: {} };
  });
  const { url } = service;
  const issuer: TestIssuer = {
    url,
    service,
    discovery: {},
    keysAnswer: null,
    token: (claims, options = {}) => sign({ iss: url, ...claims }, { key, ...options }),
    rotate: async (algorithm = "ES256") => {
      key = await newIssuerKey(algorithm);
      published = [await publicJwk(key)];
    },
    forgeWithPublicKey: async (claims) => {
      const pem = await exportSPKI(key.publicKey);
      const payload = { iss: url, ...times(Date.now()), ...claims };
      const text = `${encode({ alg: "HS256", kid: key.kid })}.${encode(payload)}`;
      return `${text}.${createHmac("sha256", pem).update(text).digest("base64url")}`;
    },
    stop: () => service.stop(),
  };
  return issuer;
}

/** @returns a key that no issuer publishes until it is told to */
export async function newIssuerKey(algorithm: string): Promise<IssuerKey> {
  const { privateKey, publicKey } = await generateKeyPair(algorithm, { extractable: true });
  return { kid: crypto.randomUUID(), algorithm, privateKey, publicKey };
}

/** @returns header and payload of a JWT that nobody signed */
export function unsignedToken(header: object, claims: object): string {
  return `${encode(header)}.${encode({ ...times(Date.now()), ...claims })}.`;
}

/** @returns the key as issuers publish it */
export async function publicJwk({ publicKey, kid, algorithm }: IssuerKey): Promise<JWK> {
  return { ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" };
}

function sign(claims: object, options: TokenOptions & { key: IssuerKey }): Promise<string> {
  const { key, kid = key.kid, at = Date.now() } = options;
  return new SignJWT({ ...times(at), ...claims })
    .setProtectedHeader({ alg: key.algorithm, kid, typ: "JWT" })
    .sign(key.privateKey);
}

function times(at: number): JWTPayload {
  const now = Math.floor(at / 1000);
  return { iat: now, nbf: now, exp: now + LIFETIME_SECONDS };
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
