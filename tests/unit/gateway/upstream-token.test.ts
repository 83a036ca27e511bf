import { generateKeyPairSync, randomUUID } from "node:crypto";
import { beforeEach, expect, test } from "@jest/globals";
import { decodeJwt } from "jose";
import {
  upstreamAuthorization,
  type UpstreamAuthorization,
} from "#gateway/upstream/upstream-token.js";
import type { Access } from "#registry-protocol/scope.js";
import type { SigningKey } from "#service-kit/signing/signing-key.js";

const PULL: readonly Access[] = [{ type: "repository", name: "alpha/app", actions: ["pull"] }];
const PUSH: readonly Access[] = [
  { type: "repository", name: "alpha/app", actions: ["pull", "push"] },
];

let key: SigningKey;
let now: number;
let authorization: UpstreamAuthorization;

beforeEach(() => {
  key = newKey();
  now = Date.UTC(2026, 0, 1);
  authorization = upstreamAuthorization({
    keys: { active: () => key },
    issuer: "wharfinger gateway",
    service: "registry",
    now: () => now,
    newTokenId: randomUUID,
  });
});

test("a token for the registry grants what the request needs to whom it is from", () => {
  expect(claimsOf(authorization("alice", PULL))).toMatchObject({
    iss: "wharfinger gateway",
    aud: "registry",
    sub: "alice",
    access: PULL,
    iat: now / 1000,
    exp: now / 1000 + 300,
  });
});

test("a token is used again for the same within half a minute, so it has minutes to go", () => {
  const first = authorization("alice", PULL);
  now += 29_999;
  expect(authorization("alice", PULL)).toBe(first);
  now += 1;
  expect(authorization("alice", PULL)).not.toBe(first);
});

test("a token is used for nobody else and nothing else", () => {
  const made = [
    authorization("alice", PULL),
    authorization("alice", PUSH),
    authorization("bob", PULL),
    authorization("", PULL),
    authorization("", []),
  ];
  expect(new Set(made.map((header) => claimsOf(header).jti)).size).toBe(made.length);
  expect(claimsOf(made[1] ?? "").access).toEqual(PUSH);
  expect(claimsOf(made[2] ?? "").sub).toBe("bob");
});

test("a token of the key before is not used again", () => {
  const first = authorization("alice", PULL);
  key = newKey();
  expect(authorization("alice", PULL)).not.toBe(first);
});

test("a token from a time that the clock has been set back from is not used", () => {
  const first = authorization("alice", PULL);
  now -= 1;
  expect(authorization("alice", PULL)).not.toBe(first);
});

function claimsOf(header: string) {
  return decodeJwt(header.replace(/^Bearer /, ""));
}

function newKey(): SigningKey {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey, algorithm: "ES256", keyId: randomUUID(), x5c: [], publicJwk: {} };
}
