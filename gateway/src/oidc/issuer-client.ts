import * as oauth from "oauth4webapi";
import { isWithin } from "#service-kit/is-within.js";
import { failureOf } from "./failures.js";
import type { IssuerFetch } from "./issuer-fetch.js";
import { FailedPageLogin, type PageIssuer } from "./issuers.js";

/** What only who began a login knows, and checks its end by. */
export interface Checks {
  /** RFC 6749, section 10.12. */
  readonly state: string;
  /** OpenID Connect Core, section 3.1.2.1. */
  readonly nonce: string;
  /** RFC 7636, section 4.1. */
  readonly verifier: string;
}

/** What an issuer gave for a code, or for the refresh token before. */
export interface IssuedTokens {
  readonly idToken: string;
  /** The ID token's `sub`. */
  readonly subject: string;
  /** When the ID token ends, in seconds since the epoch. */
  readonly endsAt: number;
  readonly refreshToken: string | null;
}

/** An issuer, asked as a client of its own. All that it does throws FailedPageLogin. */
export interface IssuerClient {
  /** @returns where a browser is sent to log in, and to come back to `redirectUri` from */
  authorizationUrl(checks: Checks, redirectUri: string): Promise<URL>;
  /** @returns what it gives for the code in the parameters with which a browser came back */
  exchange(came: URLSearchParams, checks: Checks, redirectUri: string): Promise<IssuedTokens>;
  /** @returns what it gives next to whom it gave the refresh token */
  refresh(refreshToken: string): Promise<IssuedTokens>;
}

const REMEMBERED_MILLISECONDS = 60 * 60 * 1_000;
/** As the token server bears it. */
const LEEWAY_SECONDS = 60;

/**
 * Authorization code flow with PKCE (RFC 6749, RFC 7636, RFC 9207, OpenID Connect Core). The signature of ID tokens is for the
 * token server to verify, as that of all that log in with one.
 *
 * @param issuer - which issuer
 * @param deps - how it is asked, and a clock in milliseconds since the epoch
 * @returns its client
 */
export function issuerClient(
  issuer: PageIssuer,
  deps: { readonly fetch: IssuerFetch; readonly now: () => number },
): IssuerClient {
  const client = { client_id: issuer.clientId, [oauth.clockTolerance]: LEEWAY_SECONDS };
  const options = {
    [oauth.customFetch]: deps.fetch,
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- it is marked so to stand out: on the loopback, or as configured
    [oauth.allowInsecureRequests]: issuer.isPlainHttp,
  };
  const server = knownServer(issuer, { ...deps, options });
  const told = async <T>(ask: (as: oauth.AuthorizationServer) => Promise<T>): Promise<T> => {
    const as = await server();
    return ask(as).catch((error: unknown) => {
      throw failureOf(error);
    });
  };
  const tokens = (answer: oauth.TokenEndpointResponse, before: string | null) =>
    tokensOf(issuer, answer, before);
  return {
    authorizationUrl: (checks, redirectUri) =>
      told(async (as) => {
        const url = new URL(authorizationEndpoint(as, issuer));
        const challenge = await oauth.calculatePKCECodeChallenge(checks.verifier);
        const asked = {
          ...{ response_type: "code", client_id: issuer.clientId, redirect_uri: redirectUri },
          ...{ scope: issuer.scopes.join(" "), state: checks.state, nonce: checks.nonce },
          ...{ code_challenge: challenge, code_challenge_method: "S256" },
        };
        for (const [name, value] of Object.entries({ ...issuer.parameters, ...asked }))
          url.searchParams.set(name, value);
        return url;
      }),
    exchange: (came, { state, nonce, verifier }, redirectUri) =>
      told(async (as) => {
        const code = oauth.validateAuthResponse(as, client, came, state);
        const by = await clientAuthentication(as, issuer);
        const answer = await oauth.authorizationCodeGrantRequest(as, client, by, code, redirectUri, verifier, options); // prettier-ignore
        const checked = { expectedNonce: nonce, requireIdToken: true };
        return tokens(await oauth.processAuthorizationCodeResponse(as, client, answer, checked), null); // prettier-ignore
      }),
    refresh: (refreshToken) =>
      told(async (as) => {
        const by = await clientAuthentication(as, issuer);
        const answer = await oauth.refreshTokenGrantRequest(as, client, by, refreshToken, options);
        return tokens(await oauth.processRefreshTokenResponse(as, client, answer), refreshToken);
      }),
  };
}

/** What an issuer says of itself is asked for once an hour; one that says nothing usable cannot be asked for anything. */
function knownServer(
  { name, issuer }: PageIssuer,
  { options, now }: { readonly options: oauth.DiscoveryRequestOptions; readonly now: () => number },
): () => Promise<oauth.AuthorizationServer> {
  let known: { readonly server: oauth.AuthorizationServer; readonly since: number } | null = null;
  return async () => {
    if (known !== null && isWithin({ since: known.since, now: now() }, REMEMBERED_MILLISECONDS))
      return known.server;
    try {
      const url = new URL(issuer);
      const answer = await oauth.discoveryRequest(url, options);
      known = { server: await oauth.processDiscoveryResponse(url, answer), since: now() };
      return known.server;
    } catch (error) {
      const { message } = failureOf(error);
      throw new FailedPageLogin("unavailable", `the issuer ${name} cannot be asked: ${message}`);
    }
  };
}

function authorizationEndpoint(as: oauth.AuthorizationServer, issuer: PageIssuer): string {
  const endpoint = as.authorization_endpoint ?? "";
  const wanted = issuer.isPlainHttp ? ["http:", "https:"] : ["https:"];
  if (URL.canParse(endpoint) && wanted.includes(new URL(endpoint).protocol)) return endpoint;
  throw new FailedPageLogin("unavailable", `the issuer ${issuer.name} names no page to log in on that can be trusted`); // prettier-ignore
}

/** OpenID Connect Discovery, section 3: Basic where nothing is said. */
async function clientAuthentication(
  as: oauth.AuthorizationServer,
  { clientSecret }: PageIssuer,
): Promise<oauth.ClientAuth> {
  if (clientSecret === null) return oauth.None();
  const secret = (await clientSecret()).reveal();
  const methods = as.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
  return methods.includes("client_secret_basic") || !methods.includes("client_secret_post")
    ? oauth.ClientSecretBasic(secret)
    : oauth.ClientSecretPost(secret);
}

function tokensOf(
  { name }: PageIssuer,
  answer: oauth.TokenEndpointResponse,
  refreshedBy: string | null,
): IssuedTokens {
  const claims = oauth.getValidatedIdTokenClaims(answer);
  // OpenID Connect Core, section 12.2: after a refresh there may be none, and then nothing says who that is.
  if (claims === undefined || answer.id_token === undefined)
    throw new FailedPageLogin("refused", `the issuer ${name} gave no ID token`);
  return {
    idToken: answer.id_token,
    subject: claims.sub,
    endsAt: claims.exp,
    // RFC 6749, section 6: without another one, the one before goes on.
    refreshToken: answer.refresh_token ?? refreshedBy,
  };
}
