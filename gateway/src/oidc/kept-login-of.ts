import type { KeptLogin } from "../sessions/kept-login.js";
import type { RenewLogin } from "../sessions/renew-login.js";
import { Fault } from "#registry-protocol/faults.js";
import type { IssuedTokens } from "./issuer-client.js";
import { FailedPageLogin } from "./issuers.js";
import type { OidcLogins } from "./oidc-logins.js";

/**
 * @param issuer - name of an issuer
 * @param issued - what it gave
 * @returns a login with its ID token, as any client shows one
 */
export function keptLoginOf(
  issuer: string,
  { idToken, subject, endsAt, refreshToken }: IssuedTokens,
): KeptLogin {
  const basic = Buffer.from(`oidc:${idToken}`).toString("base64");
  return { authorization: `Basic ${basic}`, renewal: { issuer, subject, endsAt, refreshToken } };
}

/**
 * @param logins - issuers by whose pages somebody has logged in
 * @returns what gets the next login of one of them
 */
export function renewingLogins(logins: Pick<OidcLogins, "refresh">): RenewLogin {
  return async (renewal) => {
    try {
      return keptLoginOf(renewal.issuer, await logins.refresh(renewal));
    } catch (error) {
      if (!(error instanceof FailedPageLogin)) throw error;
      const { problem, message } = error;
      throw problem === "unavailable"
        ? new Fault("UNAVAILABLE", { message: `the login cannot be renewed for now: ${message}`, cause: error }) // prettier-ignore
        : new Fault("UNAUTHORIZED", { message: "its issuer does not renew it", cause: error });
    }
  };
}
