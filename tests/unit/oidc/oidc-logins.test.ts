import { describe, expect, test } from "@jest/globals";
import { FailedPageLogin, type PageIssuer } from "#gateway/oidc/issuers.js";
import { oidcLogins } from "#gateway/oidc/oidc-logins.js";
import { ServiceUnreachable, type JsonReply } from "#service-kit/http/fetch-json.js";
import { Secret } from "#service-kit/secret.js";

const URL_OF = "https://login.example.org";
const ISSUER: PageIssuer = {
  ...{ name: "company", title: "Example", issuer: URL_OF, clientId: "w", scopes: ["openid"] },
  ...{ parameters: { prompt: "consent" }, clientSecret: null, isPlainHttp: false },
};
const DOCUMENT: object = {
  issuer: URL_OF,
  authorization_endpoint: `${URL_OF}/auth`,
  token_endpoint: `${URL_OF}/token`,
};

/** Whose signature the token server would look at. */
function idToken(claims: object = {}): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const now = Math.floor(Date.now() / 1_000);
  const payload = { iss: URL_OF, aud: "w", sub: "carol", iat: now, exp: now + 60, ...claims };
  return `${part({ alg: "RS256" })}.${part(payload)}.c2ln`;
}

const tokens = (more: object = {}) => ({
  ...{ access_token: "a", token_type: "bearer", id_token: idToken() },
  ...more,
});

interface Asked {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function provider(
  token: Partial<JsonReply> | Error,
  { document = DOCUMENT, issuer = ISSUER } = {},
) {
  const asked: Asked[] = [];
  const fetchJson = (
    { pathname: path }: URL,
    { headers = {}, body = "" }: { headers?: Readonly<Record<string, string>>; body?: string },
  ) => {
    asked.push({ path, headers, body });
    if (path !== "/token") return Promise.resolve({ status: 200, body: document });
    if (token instanceof Error) return Promise.reject(token);
    return Promise.resolve({ status: 200, body: tokens(), ...token });
  };
  return { asked, logins: oidcLogins([issuer], { fetchJson, now: Date.now }) };
}

const CAROLS = { issuer: "company", subject: "carol", refreshToken: "r" };
const ASKED = {
  issuer: "company",
  to: "",
  before: null,
  redirectUri: "https://r.example/callback",
};

const problemOf = (asked: Promise<unknown>) =>
  asked.then(
    () => null,
    (error: unknown) => (error instanceof FailedPageLogin ? error.problem : String(error)),
  );

describe("the next tokens of somebody", () => {
  test("come with the refresh token of before where there is no other one", async () => {
    expect(await provider({}).logins.refresh(CAROLS)).toMatchObject({ subject: "carol", refreshToken: "r" }); // prettier-ignore
    const rotated = { body: tokens({ refresh_token: "next" }) };
    expect(await provider(rotated).logins.refresh(CAROLS)).toMatchObject({ refreshToken: "next" });
  });

  test.each<[why: string, problem: string, answer: Partial<JsonReply> | Error]>([
    [
      "are about somebody else",
      "refused",
      { body: tokens({ id_token: idToken({ sub: "dave" }) }) },
    ],
    ["are for another client", "refused", { body: tokens({ id_token: idToken({ aud: "x" }) }) }],
    [
      "are of another issuer",
      "refused",
      { body: tokens({ id_token: idToken({ iss: "https://x" }) }) },
    ],
    ["have ended", "refused", { body: tokens({ id_token: idToken({ exp: 1_000 }) }) }],
    ["have no ID token", "refused", { body: { access_token: "a", token_type: "bearer" } }],
    ["are refused", "refused", { status: 400, body: { error: "invalid_grant" } }],
    [
      "cannot be given now",
      "unavailable",
      { status: 400, body: { error: "temporarily_unavailable" } },
    ],
    ["are asked for too often", "unavailable", { status: 429, body: { error: "invalid_request" } }],
    ["are not answered", "unavailable", new ServiceUnreachable("no answer in time")],
  ])("are none when they %s: %s", async (_, problem, answer) => {
    expect(await problemOf(provider(answer).logins.refresh(CAROLS))).toBe(problem);
  });

  test("are none of an issuer that is configured no more", async () => {
    const { logins } = provider({});
    expect(await problemOf(logins.refresh({ ...CAROLS, issuer: "gone" }))).toBe("refused");
  });
});

describe("an issuer", () => {
  test.each<[what: string, document: object]>([
    ["that says it is another one", { ...DOCUMENT, issuer: "https://elsewhere.example" }],
    [
      "whose page is in the clear",
      { ...DOCUMENT, authorization_endpoint: "http://login.example.org/auth" },
    ],
    ["that has no page", { issuer: URL_OF, token_endpoint: `${URL_OF}/token` }],
    ["that answers something else", {}],
  ])("%s sends nobody anywhere", async (_, document) => {
    expect(await problemOf(provider({}, { document }).logins.begin(ASKED))).toBe("unavailable");
  });

  test("is asked what it wants besides, and that takes the place of nothing", async () => {
    const parameters = { prompt: "consent", state: "of-the-file" };
    const { logins } = provider({}, { issuer: { ...ISSUER, parameters } });
    const { location = "", begun } = (await logins.begin(ASKED)) ?? {};
    const asked = new URL(location).searchParams;
    expect([asked.get("prompt"), asked.get("state")]).toEqual(["consent", begun?.state]);
  });

  test.each<[how: string, methods: object, wanted: (asked: Asked | undefined) => boolean]>([
    ["in a header", {}, (asked) => asked?.headers["authorization"]?.startsWith("Basic ") === true],
    ["in the body where it takes nothing else", { token_endpoint_auth_methods_supported: ["client_secret_post"] }, (asked) => asked?.body.includes("client_secret=of") === true], // prettier-ignore
  ])("is shown the client's secret %s", async (_, methods, wanted) => {
    const clientSecret = () => Promise.resolve(new Secret("of"));
    const document = { ...DOCUMENT, ...methods };
    const { asked, logins } = provider({}, { document, issuer: { ...ISSUER, clientSecret } });
    await logins.refresh(CAROLS);
    expect(wanted(asked.at(-1))).toBe(true);
  });

  test("is asked once an hour what it says of itself", async () => {
    const { asked, logins } = provider({});
    await logins.begin(ASKED);
    await logins.begin(ASKED);
    expect(asked.map(({ path }) => path)).toEqual(["/.well-known/openid-configuration"]);
  });
});
