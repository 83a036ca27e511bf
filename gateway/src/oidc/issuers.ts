import type { Secret } from "#service-kit/secret.js";

/** An OpenID provider by whose page people log in. */
export interface PageIssuer {
  /** Its name here, in addresses and in what is measured. */
  readonly name: string;
  /** What its button says. */
  readonly title: string;
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string;
  readonly clientId: string;
  /** Reads the client's secret as it is now; `null`: it is a public client, and PKCE alone protects the code. */
  readonly clientSecret: (() => Promise<Secret>) | null;
  readonly scopes: readonly string[];
  /** What is asked besides: what issuers want before they give a refresh token differs. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether it is asked without TLS: on the loopback, or because it was said so. */
  readonly isPlainHttp: boolean;
}

/** How an attempt to log in by such a page did not end well, as the page tells it. */
export const LOGIN_PROBLEMS = [
  /** The issuer, the token server or the database does not answer: trying again may help. */
  "unavailable",
  /** Whoever was asked at the issuer said no. */
  "declined",
  /** It was not begun in this browser, or too long ago, or was ended already. */
  "not-begun",
  /** The issuer refuses this registry, or the token server what the issuer says of somebody. */
  "refused",
  /** Too many have failed from there. */
  "limited",
] as const;
export type LoginProblem = (typeof LOGIN_PROBLEMS)[number];

/** A login by an issuer's page that came to nothing; the text is for the log and holds nothing secret. */
export class FailedPageLogin extends Error {
  override readonly name = "FailedPageLogin";
  readonly problem: LoginProblem;

  constructor(problem: LoginProblem, message: string, cause?: unknown) {
    super(message, { cause });
    this.problem = problem;
  }
}
