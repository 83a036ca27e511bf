import type { PageIssuer } from "#gateway/oidc/issuers.js";
import { Secret } from "#service-kit/secret.js";
import { parseLogins } from "#token-server/logins/config.js";
import type { TestGatewayOptions } from "#tests/support/gateway.js";
import type { Answer } from "#tests/support/http-client.js";
import type { OidcBrowser } from "#tests/support/oidc-browser.js";
import {
  OIDC_CLIENT,
  startOidcProvider,
  type OidcProvider,
  type OidcProviderOptions,
} from "#tests/support/oidc-provider.js";
import { startRestStack, type RestStack } from "#tests/integration/rest-api/support/stack.js";

/** A registry by whose page one logs in at a provider. */
export interface OidcStack extends RestStack {
  readonly provider: OidcProvider;
  readonly issuer: PageIssuer;
  /** Where a browser begins, and comes back to. */
  readonly begins: string;
  readonly callback: string;
  /** Sends a browser to the provider. @returns where it is sent */
  begin(browser: OidcBrowser, to?: string): Promise<string>;
  /** @returns what the session of a browser is */
  session(browser: OidcBrowser): Promise<unknown>;
}

export const PAGE = { "X-Wharfinger-Page": "active" };

/**
 * @param options - what of the provider, and of the gateway, is not the default
 * @returns the registry and its provider; carol is in team alpha, dave in beta, which administers
 */
export async function startOidcStack(
  options: OidcProviderOptions & {
    readonly scopes?: readonly string[];
    readonly gateway?: Partial<TestGatewayOptions>;
  } = {},
): Promise<OidcStack> {
  const provider = await startOidcProvider(options);
  const issuer = {
    ...{ name: "company", title: "Example Company", issuer: provider.issuer },
    ...{ clientId: OIDC_CLIENT.id, scopes: options.scopes ?? ["openid"], isPlainHttp: true },
    clientSecret: () => Promise.resolve(new Secret(OIDC_CLIENT.secret)),
    parameters: options.scopes?.includes("offline_access") === true ? { prompt: "consent" } : {},
  };
  const logins = parseLogins("logins.yaml", loginsOf(provider.issuer));
  const stack = await startRestStack(
    { pageIssuers: [issuer, { ...issuer, name: "other" }], ...options.gateway },
    { identity: { logins } },
  );
  const begins = `${stack.gateway.url}/api/v1/session/oidc/company`;
  const callback = `${begins}/callback`;
  provider.open([callback]);
  return {
    ...stack,
    ...{ provider, issuer, begins, callback },
    begin: async (browser, to = "") => {
      const answer = await browser.get(`${begins}?to=${encodeURIComponent(to)}`);
      return locationOf(answer);
    },
    session: async (browser) => {
      const { body } = await browser.get(`${stack.gateway.url}/api/v1/session`, PAGE);
      return (JSON.parse(body.toString()) as { login: unknown }).login;
    },
    stop: async () => {
      await stack.stop();
      await provider.stop();
    },
  };
}

/**
 * @param issuer - a provider
 * @returns a logins file that takes its ID tokens
 */
export function loginsOf(issuer: string): string {
  return `
oidc:
  - issuer: ${issuer}
    audience: ${OIDC_CLIENT.id}
    require: anybody
    uid: sub
    realm: /people
    teams: [{ claim: groups }]
    scopes: [uid]
`;
}

/** @returns where an answer leads */
export function locationOf({ status, headers }: Answer): string {
  if (status !== 302 || headers.location === undefined) throw new Error(`answered ${status}`);
  return headers.location;
}
