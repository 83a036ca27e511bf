import * as oauth from "oauth4webapi";
import { ServiceUnreachable } from "#service-kit/http/fetch-json.js";
import { FailedPageLogin, type LoginProblem } from "./issuers.js";

/** RFC 6749, sections 4.1.2.1 and 5.2: the issuer cannot for now. */
const FOR_NOW: readonly string[] = ["server_error", "temporarily_unavailable", "slow_down"];
/** RFC 6749, section 4.1.2.1, and OpenID Connect Core, section 3.1.2.6: whoever was asked there did not agree. */
const DECLINED: readonly string[] = [
  ...["access_denied", "interaction_required", "login_required"],
  ...["account_selection_required", "consent_required"],
];
const TOO_MANY_REQUESTS = 429;
const MOST_CHARACTERS = 60;

/**
 * @param error - why an exchange with an issuer came to nothing
 * @returns the same, told; of what was sent or answered it repeats an error's code alone
 */
export function failureOf(error: unknown): FailedPageLogin {
  if (error instanceof FailedPageLogin) return error;
  if (error instanceof ServiceUnreachable)
    return new FailedPageLogin("unavailable", error.message, error);
  if (error instanceof oauth.AuthorizationResponseError)
    return new FailedPageLogin(problemOf(error.error), `the issuer says ${shown(error.error)}`);
  if (error instanceof oauth.ResponseBodyError) {
    const problem = error.status === TOO_MANY_REQUESTS ? "unavailable" : problemOf(error.error);
    return new FailedPageLogin(problem, `the issuer refuses the code: ${shown(error.error)}`);
  }
  // The library's errors carry tokens in their causes.
  if (error instanceof oauth.OperationProcessingError || error instanceof oauth.UnsupportedOperationError) // prettier-ignore
    return new FailedPageLogin("refused", `the issuer's answer is not taken: ${error.message} (${error.code ?? ""})`); // prettier-ignore
  throw error;
}

function problemOf(code: string): LoginProblem {
  if (FOR_NOW.includes(code)) return "unavailable";
  return DECLINED.includes(code) ? "declined" : "refused";
}

function shown(code: string): string {
  return JSON.stringify(code.slice(0, MOST_CHARACTERS));
}
