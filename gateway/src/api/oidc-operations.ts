import type { ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import type { CursorSealer } from "#rest-api/cursor.js";
import { API } from "#rest-api/operation.js";
import { beginOidcLogin, endOidcLogin } from "#rest-api/operations/session.js";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { RestAnswer } from "#service-kit/http/send-answer.js";
import { begunCookie, begunLoginOf, type BegunLogin } from "../oidc/begun-login.js";
import { FailedPageLogin } from "../oidc/issuers.js";
import { keptLoginOf } from "../oidc/kept-login-of.js";
import type { LoginReport } from "../oidc/login-report.js";
import type { OidcLogins } from "../oidc/oidc-logins.js";
import { placeOfPage } from "../oidc/place-of-page.js";
import { beginSession } from "../sessions/begin-session.js";
import { cookieFor, secretOf } from "../sessions/cookie.js";
import { NOBODY } from "../sessions/record-sessions.js";
import { implement, type Implementation } from "./implement.js";
import type { SessionOperationsDeps } from "./session-operations.js";

/** What logging in by an issuer's page needs. */
export interface OidcOperationsDeps extends Omit<SessionOperationsDeps, "issuers"> {
  readonly logins: OidcLogins;
  /** Seals what a browser is sent away with. */
  readonly sealer: CursorSealer;
  /** Current time in milliseconds since the epoch. */
  readonly now: () => number;
  readonly told: LoginReport;
}

interface Place {
  readonly origin: string;
  readonly redirectUri: string;
}

/**
 * @param deps - the issuers, the sessions, and who somebody is
 * @returns the operations by which a browser goes to an issuer's page, and comes back
 */
export function oidcOperations(deps: OidcOperationsDeps): readonly Implementation[] {
  const { logins, sealer, originOf } = deps;
  const placeOf = (req: HttpRequest, issuer: string): Place => {
    const origin = originOf(req);
    return { origin, redirectUri: `${origin}${API}/session/oidc/${issuer}/callback` };
  };
  return [
    implement(beginOidcLogin, async ({ req, res, path: { issuer }, query: { to } }) => {
      // Somebody who follows another site's link is not logged in unasked.
      if (isOthersPage(req)) return toLogin(to, {});
      const { origin, redirectUri } = placeOf(req, issuer);
      const before = secretOf(req, origin);
      const begun = await logins
        .begin({ issuer, to, before, redirectUri })
        .catch((error: unknown) => failed(deps, req, { error, to }));
      if (begun === null) throw new Fault("NOT_FOUND", { message: "there is no such issuer" });
      if ("status" in begun) return begun;
      res.appendHeader("Set-Cookie", begunCookie(sealer, origin, begun.begun));
      return redirect(begun.location);
    }),
    implement(endOidcLogin, async ({ req, res, path: { issuer } }) => {
      const place = placeOf(req, issuer);
      const begun = begunLoginOf(sealer, req, { ...place, issuer, now: deps.now() });
      // It counts once, however it ends.
      res.appendHeader("Set-Cookie", begunCookie(sealer, place.origin, null));
      const to = begun?.to ?? "";
      return complete(deps, { req, res, begun, place }).then(
        () => redirect(placeOfPage(to)),
        (error: unknown) => failed(deps, req, { error, to }),
      );
    }),
  ];
}

async function complete(
  { logins, verify, told, ...deps }: OidcOperationsDeps,
  came: {
    readonly req: HttpRequest;
    readonly res: ServerResponse;
    readonly begun: BegunLogin | null;
    readonly place: Place;
  },
): Promise<void> {
  const { req, res, begun, place } = came;
  const parameters = new URLSearchParams(splitTarget(req.url).query);
  const { redirectUri, origin } = place;
  const issued = await logins.complete(begun, { parameters, redirectUri });
  const issuer = begun?.issuer ?? "";
  const login = keptLoginOf(issuer, issued);
  req.headers.authorization = login.authorization;
  const owner = await verify(req);
  const how = `somebody has logged in on the web page, by that of ${issuer}`;
  const before = begun?.before ?? null;
  const secret = await beginSession(deps, req, { login, owner, how, before });
  told.accepted();
  res.appendHeader("Set-Cookie", cookieFor(origin, secret));
}

/** Whoever is there sees a page: it tells them, and the log and the record tell those who run the registry. */
function failed(
  { told, note }: Pick<OidcOperationsDeps, "told" | "note">,
  req: HttpRequest,
  { error, to }: { readonly error: unknown; readonly to: string },
): RestAnswer & { readonly status: number } {
  const failure = failureOf(error);
  const { problem, message } = failure;
  const { requestId } = contextOf(req);
  told.failed(failure, requestId);
  note(req, NOBODY, "session.refused", `logging in by an issuer's page: ${message}`);
  return toLogin(to, { problem, request: requestId });
}

/** The token server's verdict, as the page tells it. */
function failureOf(error: unknown): FailedPageLogin {
  if (error instanceof FailedPageLogin) return error;
  const { code, message } = error instanceof Fault ? error : { code: "", message: "" };
  if (code === "UNAUTHORIZED" || code === "DENIED")
    return new FailedPageLogin("refused", message, error);
  if (code === "TOO_MANY_REQUESTS") return new FailedPageLogin("limited", message, error);
  if (code === "UNAVAILABLE") return new FailedPageLogin("unavailable", message, error);
  throw error;
}

function isOthersPage({ headers }: Pick<HttpRequest, "headers">): boolean {
  const site = headers["sec-fetch-site"];
  return site !== undefined && site !== "same-origin" && site !== "none";
}

function toLogin(to: string, said: Readonly<Record<string, string>>) {
  const query = new URLSearchParams({ ...said, ...(to === "" ? {} : { to }) }).toString();
  return redirect(query === "" ? "/ui/login" : `/ui/login?${query}`);
}

function redirect(location: string) {
  return { status: 302, headers: { Location: location, "Cache-Control": "no-store" } };
}
