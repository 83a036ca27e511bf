import { generateKeyPairSync } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { signGrant, type SigningDeps, type Told } from "#token-server/token/sign-grant.js";
import { signedLately } from "#token-server/token/signed-lately.js";

type Key = ReturnType<SigningDeps["keys"]["active"]>;

const keyNamed = (keyId: string): Key => ({
  keyId,
  publicJwk: {},
  algorithm: "ES256",
  privateKey: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  x5c: null,
});

/** A token server whose clock and key can be set. */
function signer() {
  let [time, key, made] = [1_000_000, keyNamed("first"), 0];
  const deps: SigningDeps = {
    keys: { active: () => key },
    issuer: "https://tokens.test",
    lifetimeSeconds: 900,
    newTokenId: () => String((made += 1)),
    now: () => time,
    lately: signedLately(),
  };
  return {
    deps,
    sign: (told: Told) => signGrant(deps, told).answer.token,
    pass: (milliseconds: number) => (time += milliseconds),
    rotate: () => (key = keyNamed("second")),
  };
}

const identity = {
  uid: "alice",
  realm: "employees",
  kind: "user",
  scopes: [],
} as unknown as Told["login"]["identity"];

const TOLD: Told = {
  service: "wharfinger",
  login: { identity } as Told["login"],
  grant: {
    access: [{ type: "repository", name: "alpha/app", actions: ["pull"] }],
    refused: [],
    grounds: [[{ rule: "teams" }]],
  },
  view: null,
  policy: "a".repeat(64),
};

describe("a token that says the same", () => {
  test("is signed once in a second", () => {
    const { sign } = signer();
    expect(sign(TOLD)).toBe(sign({ ...TOLD }));
  });

  test("is another one in the next second, with a life of its own", () => {
    const { sign, pass } = signer();
    const before = payloadOf(sign(TOLD));
    pass(1_000);
    const after = payloadOf(sign(TOLD));
    expect(after).toMatchObject({ iat: Number(before["iat"]) + 1, exp: Number(before["exp"]) + 1 });
    expect(after["jti"]).not.toBe(before["jti"]);
  });

  test("is signed anew by a new key", () => {
    const { sign, rotate } = signer();
    const before = sign(TOLD);
    rotate();
    expect(sign(TOLD)).not.toBe(before);
  });
});

describe("a token that says anything else", () => {
  const { grant, login } = TOLD;
  const others: Readonly<Record<string, Told>> = {
    "of another identity": { ...TOLD, login: { ...login, identity: { ...identity, uid: "bob" } } },
    "of another realm": { ...TOLD, login: { ...login, identity: { ...identity, realm: "services" } } }, // prettier-ignore
    "of another kind": { ...TOLD, login: { ...login, identity: { ...identity, kind: "robot" } } },
    "of whoever may say where images come from": {
      ...TOLD,
      login: { ...login, identity: { ...identity, scopes: ["application.write_all_trusted"] } },
    },
    "of a robot that somebody made": { ...TOLD, login: { ...login, madeBy: "carol" } },
    "for another registry": { ...TOLD, service: "lab" },
    "with other rights": { ...TOLD, grant: { ...grant, access: [] } },
    "with a refusal": {
      ...TOLD,
      grant: {
        ...grant,
        refused: [{ type: "repository", name: "b", action: "push", reason: "no" }],
      },
    },
    "by another rule": { ...TOLD, grant: { ...grant, grounds: [[{ rule: "admins" }]] } },
    "by another policy": { ...TOLD, policy: "b".repeat(64) },
    "with a view": { ...TOLD, view: { rules: ["+alpha/**"], values: {}, limits: null } },
  };

  test.each(Object.entries(others))("is never the same: %s", (_what, other) => {
    const { sign } = signer();
    const [one, two] = [sign(TOLD), sign(other)];
    expect(one).not.toBe(two);
    const said = (token: string) => ({ ...payloadOf(token), jti: "" });
    expect(said(one)).not.toEqual(said(two));
  });

  test("is never the same: for a shorter time", () => {
    const { deps } = signer();
    const short = signGrant({ ...deps, lifetimeSeconds: 60 }, TOLD).answer;
    const long = signGrant(deps, TOLD).answer;
    expect(Number(payloadOf(long.token)["exp"]) - Number(payloadOf(short.token)["exp"])).toBe(840);
  });
});

function payloadOf(token: string): Record<string, unknown> {
  const [, payload = ""] = token.split(".");
  return JSON.parse(Buffer.from(payload, "base64url").toString()) as Record<string, unknown>;
}
