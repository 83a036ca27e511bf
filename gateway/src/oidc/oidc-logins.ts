import * as oauth from "oauth4webapi";
import type { FetchJson } from "#service-kit/http/fetch-json.js";
import { BEGUN_SECONDS, type BegunLogin } from "./begun-login.js";
import { issuerClient, type IssuedTokens, type IssuerClient } from "./issuer-client.js";
import { issuerFetch } from "./issuer-fetch.js";
import { FailedPageLogin, type PageIssuer } from "./issuers.js";

/** Logins by issuers' pages. */
export interface OidcLogins {
  /** For the buttons, in the order of the configuration. */
  readonly ways: readonly Pick<PageIssuer, "name" | "title">[];
  /**
   * @param asked - issuer, where it is to send the browser back to, what for, and the session of before
   * @returns where the browser is sent, and what it keeps meanwhile; `null`: there is no such issuer
   * @throws FailedPageLogin
   */
  begin(
    asked: Pick<BegunLogin, "issuer" | "to" | "before"> & { readonly redirectUri: string },
  ): Promise<{ readonly location: string; readonly begun: BegunLogin } | null>;
  /**
   * @param begun - with what the browser was sent away; `null`: nothing that counts
   * @param came - with what it came back, and where to
   * @returns what the issuer says who that is, which nobody has verified yet
   * @throws FailedPageLogin
   */
  complete(
    begun: BegunLogin | null,
    came: { readonly parameters: URLSearchParams; readonly redirectUri: string },
  ): Promise<IssuedTokens>;
  /**
   * @returns the next tokens of somebody
   * @throws FailedPageLogin, "refused" when they are about somebody else or the issuer is not configured any more
   */
  refresh(of: {
    readonly issuer: string;
    readonly subject: string;
    readonly refreshToken: string;
  }): Promise<IssuedTokens>;
}

/**
 * @param issuers - by whose pages people log in
 * @param deps - what asks them, and a clock in milliseconds since the epoch
 * @returns these logins
 */
export function oidcLogins(
  issuers: readonly PageIssuer[],
  { fetchJson, now }: { readonly fetchJson: FetchJson; readonly now: () => number },
): OidcLogins {
  const fetch = issuerFetch(fetchJson);
  const clients = new Map(
    issuers.map((issuer): [string, IssuerClient] => [
      issuer.name,
      issuerClient(issuer, { fetch, now }),
    ]),
  );
  return {
    ways: issuers.map(({ name, title }) => ({ name, title })),
    begin: async ({ redirectUri, ...asked }) => {
      const client = clients.get(asked.issuer);
      if (client === undefined) return null;
      const checks = {
        state: oauth.generateRandomState(),
        nonce: oauth.generateRandomNonce(),
        verifier: oauth.generateRandomCodeVerifier(),
      };
      const url = await client.authorizationUrl(checks, redirectUri);
      const until = now() + BEGUN_SECONDS * 1_000;
      return { location: url.href, begun: { ...asked, ...checks, until } };
    },
    complete: async (begun, { parameters, redirectUri }) => {
      const client = begun === null ? undefined : clients.get(begun.issuer);
      if (begun === null || client === undefined || parameters.get("state") !== begun.state)
        throw new FailedPageLogin("not-begun", "the login was not begun in this browser, or too long ago"); // prettier-ignore
      return client.exchange(parameters, begun, redirectUri);
    },
    refresh: async ({ issuer, subject, refreshToken }) => {
      const client = clients.get(issuer);
      if (client === undefined)
        throw new FailedPageLogin("refused", `there is no issuer ${issuer} any more`);
      const next = await client.refresh(refreshToken);
      // OpenID Connect Core, section 12.2.
      if (next.subject !== subject)
        throw new FailedPageLogin("refused", `the issuer ${issuer} answered for somebody else`);
      return next;
    },
  };
}
