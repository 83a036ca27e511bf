import { createHmac, createPublicKey } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { useGatewayBetween } from "#tests/support/gateway-between.js";
import { startGateway, type TestGateway } from "#tests/support/gateway.js";
import { ask, errorOf, type Answer } from "#tests/support/http-client.js";
import {
  ISSUER,
  newSigner,
  SERVICE,
  startTokenAuthority,
  type TokenAuthority,
  type TokenClaims,
} from "#tests/support/token-authority.js";
import { replyWith, startUpstream, type UpstreamDouble } from "#tests/support/upstream-double.js";

const READ = `/v2/alpha/app/manifests/sha256:${"ab".repeat(32)}`;
const PULL: TokenClaims = {
  access: [{ type: "repository", name: "alpha/app", actions: ["pull"] }],
};

let authority: TokenAuthority;
let upstream: UpstreamDouble;
let gateway: TestGateway;

useGatewayBetween((started) => {
  ({ authority, upstream, gateway } = started);
});

/** One row: what is wrong with the token, and how to make it. */
const ATTACKS: readonly (readonly [what: string, make: () => Promise<string>])[] = [
  ["that nobody signed (alg none)", () => Promise.resolve(unsigned({ alg: "none" }))],
  ["that nobody signed, in other spelling", () => Promise.resolve(unsigned({ alg: "nOnE" }))],
  [
    "signed by HMAC with the public key as PEM",
    () => Promise.resolve(hmacSigned(publicKeyAs("pem"))),
  ],
  [
    "signed by HMAC with the public key as DER",
    () => Promise.resolve(hmacSigned(publicKeyAs("der"))),
  ],
  ["signed by a stranger", async () => (await newSigner()).sign(PULL)],
  [
    "signed by a stranger under our key's id",
    async () => (await newSigner()).sign(PULL, { kid: authority.publicJwk.kid }),
  ],
  [
    "signed by a stranger who brings their key along",
    async () => {
      const stranger = await newSigner();
      return stranger.sign(PULL, { jwk: stranger.publicJwk, kid: authority.publicJwk.kid });
    },
  ],
  [
    "signed by a stranger who says where their keys are",
    async () => (await newSigner()).sign(PULL, { jku: `${upstream.url}/keys` }),
  ],
  [
    "signed by a stranger who brings a certificate along",
    async () => (await newSigner()).sign(PULL, { x5c: ["MIIB"], kid: authority.publicJwk.kid }),
  ],
  ["of another issuer", () => authority.sign({ ...PULL, issuer: "somebody-else" })],
  ["for another service", () => authority.sign({ ...PULL, audience: "another-registry" })],
  [
    "for the registry behind the gateway",
    () => authority.sign({ ...PULL, audience: "wharfinger-upstream" }),
  ],
  ["that has expired", () => authority.sign({ ...PULL, expiresIn: -120 })],
  ["that is not valid yet", () => authority.sign({ ...PULL, notBefore: 600 })],
  ["that never ends", () => authority.sign({ ...PULL, without: "exp" })],
  ["that does not say when it begins", () => authority.sign({ ...PULL, without: "nbf" })],
  ["that does not say when it was made", () => authority.sign({ ...PULL, without: "iat" })],
  ["whose signature is cut short", async () => (await authority.sign(PULL)).slice(0, -4)],
  [
    "whose claims were changed afterwards",
    async () => {
      const [head = "", , signature = ""] = (await authority.sign()).split(".");
      const [, claims = ""] = (await (await newSigner()).sign(PULL)).split(".");
      return [head, claims, signature].join(".");
    },
  ],
  ["without access claim", () => authority.sign({ extra: { access: "everything" } })],
  [
    "with an action that there is not",
    () =>
      authority.sign({ extra: { access: [{ type: "repository", name: "a", actions: ["fly"] }] } }),
  ],
  ["that is no token", () => Promise.resolve("garbage")],
  ["that is three dots", () => Promise.resolve("...")],
  ["of 30 KB of garbage", () => Promise.resolve("x".repeat(30_000))],
];

describe("a token", () => {
  test.each(ATTACKS)(
    "%s is answered 401 with error=invalid_token, and nothing is forwarded",
    async (_what, make) => {
      const answer = await readAs(await make());
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).toMatch(/^Bearer realm=.*error="invalid_token"/);
      expect(errorOf(answer).code).toBe("UNAUTHORIZED");
      expect(upstream.seen).toEqual([]);
    },
  );

  test("that grants the pull opens the repository", async () => {
    const answer = await readAs(await authority.sign(PULL));
    expect(answer.status).toBe(200);
    expect(upstream.seen.map(({ target }) => target)).toEqual([READ]);
  });

  test("is taken while clocks differ by less than a minute", async () => {
    expect((await readAs(await authority.sign({ ...PULL, expiresIn: -20 }))).status).toBe(200);
    expect((await readAs(await authority.sign({ ...PULL, notBefore: 20 }))).status).toBe(200);
  });

  test.each(["bearer", "Bearer", "BEARER"])("is found under the scheme %s", async (scheme) => {
    const headers = { Authorization: `${scheme} ${await authority.sign(PULL)}` };
    expect((await ask(gateway.url, READ, { headers })).status).toBe(200);
  });

  test.each(["Basic YWxpY2U6eA==", "Token abc", "Bearer", "Bearer a b", ""])(
    "is absent when the header says %s: the answer is a plain challenge",
    async (authorization) => {
      const answer = await ask(gateway.url, READ, { headers: { Authorization: authorization } });
      expect(answer.status).toBe(401);
      expect(answer.headers["www-authenticate"]).not.toContain("error=");
    },
  );

  test("of one repository is not enough for another: the challenge names what is", async () => {
    const headers = { Authorization: await authority.bearer(["pull"], "alpha/app") };
    const answer = await ask(gateway.url, "/v2/beta/app/manifests/1.0", { headers });
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toContain('scope="repository:beta/app:pull"');
    expect(answer.headers["www-authenticate"]).toContain('error="insufficient_scope"');
    expect(upstream.seen).toEqual([]);
  });

  test("to pull is not enough to push", async () => {
    const headers = { Authorization: await authority.bearer(["pull"]) };
    const push = { method: "POST", headers };
    const answer = await ask(gateway.url, "/v2/alpha/app/blobs/uploads/", push);
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toContain('scope="repository:alpha/app:pull,push"');
    expect(upstream.seen).toEqual([]);
  });

  test("that says the push was refused before is answered 403 with the reason", async () => {
    const reason = "bob is not in team alpha";
    const refused = [{ type: "repository", name: "alpha/app", action: "push", reason }];
    const token = await authority.sign({ ...PULL, refused });
    const headers = { Authorization: `Bearer ${token}` };
    const answer = await ask(gateway.url, "/v2/alpha/app/blobs/uploads/", {
      method: "POST",
      headers,
    });
    expect(answer.status).toBe(403);
    expect(errorOf(answer)).toMatchObject({
      code: "DENIED",
      message: `may not push to alpha/app: ${reason}`,
    });
    const again = await fetch(`${gateway.url}/v2/alpha/app/blobs/uploads/`, {
      method: "POST",
      headers,
    });
    expect(again.statusText).toBe("Forbidden: may not push to this repository");
    expect(upstream.seen).toEqual([]);
  });

  test("never reaches the registry", async () => {
    const token = await authority.sign(PULL);
    await readAs(token);
    expect(JSON.stringify(upstream.seen)).not.toContain(token);
  });
});

describe("while the token server is away", () => {
  test("pulls go on with the keys that are known", async () => {
    const own = await startTokenAuthority();
    const other = await startGateway({
      registryUrl: upstream.url,
      tokenServerUrl: own.server.url,
    });
    const headers = { Authorization: `Bearer ${await own.sign(PULL)}` };
    expect((await ask(other.url, READ, { headers })).status).toBe(200);
    await own.server.stop();
    expect((await ask(other.url, READ, { headers })).status).toBe(200);
    await other.stop();
  });

  test("a gateway that never saw its keys answers 503 with Retry-After, never 401", async () => {
    const own = await startTokenAuthority();
    await own.server.stop();
    const other = await startGateway({
      registryUrl: upstream.url,
      tokenServerUrl: own.server.url,
    });
    const headers = { Authorization: `Bearer ${await own.sign(PULL)}` };
    const answer = await ask(other.url, READ, { headers });
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    expect(errorOf(answer).code).toBe("UNAVAILABLE");
    await other.stop();
  });

  test.each<[string, Parameters<typeof startUpstream>[0]]>([
    ["never answers", () => undefined],
    ["answers no list of keys", replyWith(200, {}, '{"keys":"none"}')],
    ["answers no JSON", replyWith(200, {}, "<html>")],
  ])("and %s when it is asked for keys, a gateway answers 503, never 401", async (_what, reply) => {
    const silent = await startUpstream(reply);
    const other = await startGateway({ registryUrl: upstream.url, tokenServerUrl: silent.url });
    const Authorization = `Bearer ${await authority.sign(PULL)}`;
    const answer = await ask(other.url, READ, { headers: { Authorization } });
    expect([answer.status, errorOf(answer).code]).toEqual([503, "UNAVAILABLE"]);
    await Promise.all([other.stop(), silent.stop()]);
  });

  test("requests for tokens are answered 503 in the registry's form", async () => {
    const own = await startTokenAuthority();
    await own.server.stop();
    const other = await startGateway({
      registryUrl: upstream.url,
      tokenServerUrl: own.server.url,
    });
    const answer = await ask(other.url, "/token?service=wharfinger");
    expect(answer.status).toBe(503);
    expect(answer.headers["retry-after"]).toMatch(/^\d+$/);
    expect(errorOf(answer).code).toBe("UNAVAILABLE");
    await other.stop();
  });
});

describe("the token endpoint of the gateway", () => {
  test("passes the login on to the token server, and its answer back", async () => {
    authority.server.seen.length = 0;
    const target = "/token?service=wharfinger&scope=repository%3Aalpha%2Fapp%3Apull&account=a";
    const headers = { Authorization: "Basic b2F1dGgyOng=", Cookie: "session=1" };
    const answer = await ask(gateway.url, target, { headers });
    expect(answer.status).toBe(200);
    expect(JSON.parse(answer.body.toString())).toEqual({ token: "from the token server" });
    expect(authority.server.seen[0]).toMatchObject({ target });
    expect(authority.server.seen[0]?.headers.authorization).toBe("Basic b2F1dGgyOng=");
    expect(authority.server.seen[0]?.headers).not.toHaveProperty("cookie");
  });

  test("passes a refused login on together with what the token server says to do", async () => {
    const refusing = await startUpstream(
      replyWith(
        401,
        { "WWW-Authenticate": 'Basic realm="Wharfinger"', "Content-Type": "application/json" },
        '{"errors":[]}',
      ),
    );
    const other = await startGateway({
      registryUrl: upstream.url,
      tokenServerUrl: refusing.url,
    });
    const answer = await ask(other.url, "/token?service=wharfinger");
    expect(answer.status).toBe(401);
    expect(answer.headers["www-authenticate"]).toBe('Basic realm="Wharfinger"');
    await other.stop();
    await refusing.stop();
  });
});

function readAs(token: string): Promise<Answer> {
  return ask(gateway.url, READ, { headers: { Authorization: `Bearer ${token}` } });
}

function claims(): object {
  const now = Math.floor(Date.now() / 1000);
  return {
    iss: ISSUER,
    aud: SERVICE,
    sub: "alice",
    iat: now,
    nbf: now - 60,
    exp: now + 900,
    ...PULL,
  };
}

function unsigned(header: object): string {
  return `${encode({ typ: "JWT", ...header })}.${encode(claims())}.`;
}

function hmacSigned(key: string | Buffer): string {
  const text = `${encode({ alg: "HS256", kid: authority.publicJwk.kid })}.${encode(claims())}`;
  return `${text}.${createHmac("sha256", key).update(text).digest("base64url")}`;
}

function publicKeyAs(format: "pem" | "der"): string | Buffer {
  const key = createPublicKey({ key: { ...authority.publicJwk }, format: "jwk" });
  return format === "pem"
    ? key.export({ type: "spki", format })
    : key.export({ type: "spki", format });
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
