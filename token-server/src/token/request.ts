import { Fault } from "#registry-protocol/faults.js";
import { isLine, utf8Of, visible } from "#registry-protocol/text.js";
import { parseScopes, type RequestedAccess } from "#registry-protocol/scope.js";
import { Secret } from "#service-kit/secret.js";
import type { Credentials } from "../identity/identity-source.js";
import { isShownAsPassword } from "../refresh-tokens/token-form.js";
import type { Services } from "../registries/followed-registries.js";

/** How a client says who it is. */
export type LoginRequest =
  | { readonly kind: "nobody" }
  | { readonly kind: "credentials"; readonly credentials: Credentials }
  | { readonly kind: "refresh-token"; readonly token: Secret };

/** What a client asks of the token endpoint. */
export interface TokenRequest {
  readonly login: LoginRequest;
  /** The registry that the token is to be good at. */
  readonly service: string;
  readonly requested: readonly RequestedAccess[];
  /** Whether it is for looking at lists, whatever may be done with the catalog as such. */
  readonly forLists: boolean;
  /** Whether it is for what administrators alone may do. */
  readonly forAdministration: boolean;
  /** What the client program calls itself; empty when it does not say. */
  readonly clientId: string;
  /** Whether a refresh token is wanted too; who shows one by its own grant type gets it back. */
  readonly offline: boolean;
}

/** A client that pushes and mounts asks for a handful; each makes the token longer. */
const MAX_SCOPES = 100;
/** More could not be granted in a token that proxies let through. */
const MAX_SCOPE_CHARACTERS = 8 * 1024;
/** Docker searches with the action "search", which is nothing that could be granted. */
const CATALOG_SCOPE = /(?:^| )registry(?:\([a-z0-9]+\))?:catalog:/;
const ADMINISTRATION_SCOPE = /(?:^| )registry:administration:\*(?: |$)/;
const MAX_QUERY_CHARACTERS = 32 * 1024;
const MAX_CLIENT_CHARACTERS = 255;
const MAX_CREDENTIAL_CHARACTERS = 32 * 1024;

/**
 * Understands `GET /token` (distribution, "Token Authentication Specification"). `account` and unknown
 * parameters are harmless and ignored.
 *
 * @param query - query string, not decoded
 * @param authorization - `Authorization` header, if any
 * @param services - those that tokens are issued for
 * @returns who claims to ask and for what
 * @throws Fault REQUEST_INVALID for an unknown service or too much of anything, UNAUTHORIZED for a header that
 *   is no Basic credential, UNAVAILABLE while nobody knows whether there is such a service
 */
export function parseTokenRequest(
  query: string,
  authorization: string | undefined,
  services: Services,
): TokenRequest {
  const parameters = parseParameters(query);
  return {
    ...commonParts(parameters, services),
    login: authorization === undefined ? { kind: "nobody" } : parseBasic(authorization),
    offline: parameters.get("offline_token") === "true",
  };
}

/**
 * Understands `POST /token` (distribution, "Oauth2 Token Authentication"): grant types `password` and
 * `refresh_token`.
 *
 * @param body - form-urlencoded body, not decoded
 * @param authorization - `Authorization` header; used when the body names no user
 * @param services - those that tokens are issued for
 * @returns who claims to ask and for what
 * @throws Fault REQUEST_INVALID, UNAUTHORIZED or UNAVAILABLE, as above
 */
export function parseOAuthRequest(
  body: string,
  authorization: string | undefined,
  services: Services,
): TokenRequest {
  const parameters = parseParameters(body);
  return {
    ...commonParts(parameters, services),
    login: oauthLogin(parameters, authorization),
    offline: parameters.get("access_type") === "offline" || isRefresh(parameters),
  };
}

/**
 * RFC 7617: the user name ends at the first colon, the password may hold more of them. A refresh token counts as what it is
 * beside any user name, and beside none.
 *
 * @param header - value of an `Authorization` header
 * @returns user name and password, or the refresh token that is shown as a password
 * @throws Fault UNAUTHORIZED when the header is not of the form
 */
export function parseBasic(header: string): Exclude<LoginRequest, { kind: "nobody" }> {
  const encoded = /^basic +([A-Za-z0-9+/_=-]+) *$/i.exec(header)?.[1];
  if (header.length > MAX_CREDENTIAL_CHARACTERS) throw notBasic();
  const text = encoded === undefined ? null : utf8Of(Buffer.from(encoded, "base64"));
  if (text === null) throw notBasic();
  const colon = text.indexOf(":");
  const password = text.slice(colon + 1);
  if (colon === 0 && isShownAsPassword(password)) return passwordLogin("", password);
  if (colon < 1) throw notBasic();
  return passwordLogin(text.slice(0, colon), password);
}

/**
 * RFC 7617 section 2: neither a user name nor a password holds control characters.
 *
 * @param username - user name as it was shown
 * @param password - password as it was shown
 * @returns both, or the refresh token that the password is
 * @throws Fault UNAUTHORIZED when they hold any
 */
export function passwordLogin(
  username: string,
  password: string,
): Exclude<LoginRequest, { kind: "nobody" }> {
  if (!isLine(username) || !isLine(password))
    throw new Fault("UNAUTHORIZED", {
      message: "user name and password must not hold control characters",
    });
  if (isShownAsPassword(password)) return { kind: "refresh-token", token: new Secret(password) };
  return { kind: "credentials", credentials: { username, password: new Secret(password) } };
}

function oauthLogin(parameters: URLSearchParams, authorization: string | undefined): LoginRequest {
  if (isRefresh(parameters))
    return { kind: "refresh-token", token: new Secret(parameters.get("refresh_token") ?? "") };
  if (parameters.get("grant_type") !== "password")
    throw new Fault("REQUEST_INVALID", {
      message: "unsupported grant_type: wanted password or refresh_token",
    });
  const username = parameters.get("username") ?? "";
  const password = parameters.get("password") ?? "";
  if (username !== "" || isShownAsPassword(password)) return passwordLogin(username, password);
  return authorization === undefined ? { kind: "nobody" } : parseBasic(authorization);
}

function isRefresh(parameters: URLSearchParams): boolean {
  return parameters.get("grant_type") === "refresh_token";
}

function parseParameters(text: string): URLSearchParams {
  if (text.length > MAX_QUERY_CHARACTERS)
    throw new Fault("REQUEST_INVALID", { message: "the parameters are longer than 32 KiB" });
  return new URLSearchParams(text);
}

function commonParts(
  parameters: URLSearchParams,
  services: Services,
): Omit<TokenRequest, "login" | "offline"> {
  const service = serviceIn(parameters, services);
  const scopes = parameters.getAll("scope");
  if (scopes.reduce((sum, { length }) => sum + length, 0) > MAX_SCOPE_CHARACTERS)
    throw new Fault("REQUEST_INVALID", {
      message: `more than ${MAX_SCOPE_CHARACTERS} characters of scopes`,
    });
  const requested = parseScopes(scopes);
  if (requested.length > MAX_SCOPES)
    throw new Fault("REQUEST_INVALID", { message: `more than ${MAX_SCOPES} scopes` });
  const clientId = parameters.get("client_id") ?? "";
  if (!isLine(clientId))
    throw new Fault("REQUEST_INVALID", { message: "client_id must not hold control characters" });
  const forLists = scopes.some((scope) => CATALOG_SCOPE.test(scope));
  const forAdministration = scopes.some((scope) => ADMINISTRATION_SCOPE.test(scope));
  return { service, requested, forLists, forAdministration, clientId: shownClient(clientId) };
}

/** A token is good at one registry: whoever names two means neither for sure. */
function serviceIn(parameters: URLSearchParams, services: Services): string {
  const [service = services.own, ...others] = new Set(parameters.getAll("service"));
  if (others.length > 0)
    throw new Fault("REQUEST_INVALID", { message: "more than one service: a token is for one" });
  services.require(service);
  return service;
}

/** What stands in lists for people: nothing unseen, and no more than fits. */
function shownClient(clientId: string): string {
  return visible(clientId, MAX_CLIENT_CHARACTERS).slice(0, MAX_CLIENT_CHARACTERS);
}

function notBasic(): Fault {
  return new Fault("UNAUTHORIZED", {
    message: "the Authorization header is not of the form Basic <base64 of user:password in UTF-8>",
  });
}
