import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import jwt from "jsonwebtoken";
import { openAuthority } from "#service-kit/signing/authority-folder.js";
import { issueCertificate, type Authority } from "#service-kit/signing/certificates.js";
import { readKeyFolder } from "#service-kit/signing/key-folder.js";
import type { OperatorFolders } from "#service-kit/signing/operator-folders.js";
import { parseCertificates } from "#service-kit/signing/signing-key.js";

/** Somebody with a key, and what they put into the header of what they sign. */
export interface Holder {
  readonly name: string;
  readonly key: KeyObject | string;
  readonly header: Readonly<Record<string, unknown>>;
  readonly algorithm?: "ES256" | "HS256" | "none";
}

/** Issuer and audience that a token claims. */
export interface Claimed {
  readonly name: string;
  readonly issuer: string;
  readonly audience: string;
}

export const TO_REGISTRY: Claimed = {
  name: "gateway to registry",
  issuer: "wharfinger-gateway",
  audience: "wharfinger-upstream",
};
export const TO_GATEWAY: Claimed = {
  name: "token server to gateway",
  issuer: "wharfinger",
  audience: "wharfinger",
};
export const CLAIMS: readonly Claimed[] = [
  TO_REGISTRY,
  TO_GATEWAY,
  { ...TO_REGISTRY, name: "gateway to clients", audience: TO_GATEWAY.audience },
  { ...TO_GATEWAY, name: "token server to registry", audience: TO_REGISTRY.audience },
];

const REPOSITORY = "alpha/app";

/** @returns a bearer token that grants everything on alpha/app */
export function tokenOf({ key, header, algorithm = "ES256" }: Holder, claimed: Claimed): string {
  const now = seconds();
  const access = [{ type: "repository", name: REPOSITORY, actions: ["pull", "push", "delete"] }];
  const payload = {
    ...{ iss: claimed.issuer, aud: claimed.audience, sub: "mallory", jti: `${Math.random()}` },
    ...{ iat: now, nbf: now - 60, exp: now + 300, access, kind: "oauth2", realm: "/employees" },
  };
  return jwt.sign(payload, key, { algorithm, header: { alg: algorithm, typ: "JWT", ...header } });
}

/**
 * @param folders - of the operator
 * @param name - what to call the holder
 * @returns the gateway with its key of now
 */
export async function gatewayHolder(folders: OperatorFolders, name: string): Promise<Holder> {
  const keys = await readKeyFolder({ directory: folders.keys, owner: "gateway", certified: true });
  const current = keys.filter(({ activeFrom }) => activeFrom <= seconds()).at(-1);
  if (current === undefined) throw new Error("the gateway has no key");
  const { privateKey, keyId, x5c } = current.key;
  return { name, key: privateKey, header: { kid: keyId, x5c } };
}

/** @returns the gateway with the key that is made for later */
export async function laterGatewayHolder(folders: OperatorFolders): Promise<Holder> {
  const keys = await readKeyFolder({ directory: folders.keys, owner: "gateway", certified: true });
  const later = keys.find(({ activeFrom }) => activeFrom > seconds() + 7_200);
  if (later === undefined) throw new Error("the gateway has no key for later");
  const { privateKey, keyId, x5c } = later.key;
  return { name: "the gateway, key for later", key: privateKey, header: { kid: keyId, x5c } };
}

/** @returns the token server with its youngest key, as it signs for clients */
export async function tokenServerHolder(folders: OperatorFolders, name: string): Promise<Holder> {
  const owner = "token-server";
  const keys = await readKeyFolder({ directory: folders.keys, owner, certified: false });
  const current = keys.at(-1);
  if (current === undefined) throw new Error("the token server has no key");
  return { name, key: current.key.privateKey, header: { kid: current.key.keyId } };
}

/**
 * @param folders - of the operator
 * @param stranger - an authority that nobody knows
 * @returns everybody who should get nowhere with their key, whatever they claim
 */
export async function outsiders(
  folders: OperatorFolders,
  stranger: Authority,
): Promise<readonly Holder[]> {
  const gateway = await gatewayHolder(folders, "");
  const tokenServer = await tokenServerHolder(folders, "");
  const authority = await openAuthority(folders.authority, seconds());
  const own = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const [now, past] = [validity(0, 3_600), validity(-90_000, -60)];
  const certified = async (by: Authority, key: KeyObject, when = now) =>
    x5cOf(await issueCertificate(by, key, "gateway", when));
  const leafAsAuthority: Authority = {
    keyPem: (gateway.key as KeyObject).export({ type: "pkcs8", format: "pem" }).toString(),
    certificatePem: await leafOf(folders),
  };
  const foreign = await certified(stranger, own);
  const gatewayX5c = gateway.header["x5c"] as readonly string[];
  const gatewayKid = gateway.header["kid"];
  const publicPem = createPublicKey(gateway.key).export({ type: "spki", format: "pem" }).toString();
  const byLeaf = await certified(leafAsAuthority, own);
  const jwk = createPublicKey(own).export({ format: "jwk" });
  const tokenServerKey = tokenServer.key as KeyObject;
  return [
    { name: "the gateway, expired", key: own, header: { x5c: await certified(authority, own, past) } },
    { name: "the token server, certified by a stranger", key: tokenServerKey, header: { x5c: await certified(stranger, tokenServerKey) } },
    { name: "the token server, with the gateway's certificate", key: tokenServerKey, header: { x5c: gatewayX5c } },
    { name: "the token server, with the gateway's kid", key: tokenServerKey, header: { kid: gatewayKid } },
    { name: "a stranger of another authority", key: own, header: { x5c: foreign } },
    { name: "a stranger who brings the authority along", key: own, header: { x5c: [...foreign, ...x5cOf(stranger.certificatePem)] } },
    { name: "a stranger below the true authority's certificate", key: own, header: { x5c: [...foreign, ...x5cOf(authority.certificatePem)] } },
    { name: "whom the gateway's key certified", key: own, header: { x5c: [...byLeaf, ...gatewayX5c] } },
    { name: "a stranger with a jwk", key: own, header: { jwk } },
    { name: "a stranger with a certified jwk", key: own, header: { jwk: { ...jwk, x5c: foreign } } },
    { name: "a stranger with the token server's kid", key: own, header: { kid: tokenServer.header["kid"] } },
    { name: "nobody, unsigned", key: "", header: {}, algorithm: "none" },
    { name: "nobody, signed with the public key", key: publicPem, header: { x5c: gatewayX5c }, algorithm: "HS256" },
  ]; // prettier-ignore
}

async function leafOf({ keys }: OperatorFolders): Promise<string> {
  const found = await readKeyFolder({ directory: keys, owner: "gateway", certified: true });
  const current = found.filter(({ activeFrom }) => activeFrom <= seconds()).at(-1);
  return readFile(join(keys, "gateway", `${current?.name ?? ""}.cert.pem`), "utf8");
}

function x5cOf(pem: string): string[] {
  return parseCertificates(pem, "certificate").map(({ raw }) => raw.toString("base64"));
}

function validity(from: number, to: number) {
  return { from: seconds() + from, to: seconds() + to };
}

/** @returns seconds since the epoch */
export function seconds(): number {
  return Math.floor(Date.now() / 1000);
}
