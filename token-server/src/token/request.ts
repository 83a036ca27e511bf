import { Fault } from "#registry-protocol/faults.js";
import { parseScopes, type RequestedAccess } from "#registry-protocol/scope.js";
import { Secret } from "#service-kit/secret.js";
import type { Credentials } from "../identity/identity-source.js";

/** What a client asks of the token endpoint. */
export interface TokenRequest {
  readonly credentials: Credentials | null;
  readonly requested: readonly RequestedAccess[];
}

/** A client that pushes and mounts asks for a handful; each makes the token longer. */
const MAX_SCOPES = 100;

/**
 * Understands `GET /token` (distribution, "Token Authentication Specification"). `account`, `client_id`,
 * `offline_token` and unknown parameters are harmless and ignored.
 *
 * @param query - parsed query string
 * @param authorization - `Authorization` header, if any
 * @param service - the service that tokens are issued for
 * @returns who claims to ask and for what
 * @throws Fault REQUEST_INVALID for another service or too many scopes, UNAUTHORIZED for a header
 *   that is no Basic credential
 */
export function parseTokenRequest(
  query: URLSearchParams,
  authorization: string | undefined,
  service: string,
): TokenRequest {
  const services = query.getAll("service");
  if (services.some((asked) => asked !== service))
    throw new Fault("REQUEST_INVALID", {
      message: `unknown service; this token server issues tokens for "${service}"`,
    });
  const requested = parseScopes(query.getAll("scope"));
  if (requested.length > MAX_SCOPES)
    throw new Fault("REQUEST_INVALID", { message: `more than ${MAX_SCOPES} scopes` });
  return {
    credentials: authorization === undefined ? null : parseBasic(authorization),
    requested,
  };
}

/** RFC 7617: the user name ends at the first colon, the password may hold more of them. */
function parseBasic(header: string): Credentials {
  const encoded = /^basic +([A-Za-z0-9+/_=-]+) *$/i.exec(header)?.[1];
  const text = encoded === undefined ? "" : Buffer.from(encoded, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon < 1)
    throw new Fault("UNAUTHORIZED", {
      message: "the Authorization header is not of the form Basic <base64 of user:password>",
    });
  return { username: text.slice(0, colon), password: new Secret(text.slice(colon + 1)) };
}
