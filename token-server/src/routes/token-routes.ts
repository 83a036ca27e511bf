import type { ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { isFromBrowser } from "#service-kit/http/cross-site.js";
import { readFormBody } from "#service-kit/http/form-body.js";
import type { DirectRoute, HttpRequest } from "#service-kit/http/http-request.js";
import { contextOf, noteCaller } from "#service-kit/http/request-context.js";
import { userAgentOf } from "#service-kit/http/request-line.js";
import { sendFault, sendJson } from "#service-kit/http/send-fault.js";
import type { Services } from "../registries/followed-registries.js";
import { issueToken, type IssueDeps } from "../token/issue.js";
import { parseOAuthRequest, parseTokenRequest, type TokenRequest } from "../token/request.js";

/** What issuing a token needs, and who knows which registry a client means that names none. */
export interface TokenRouteDeps {
  readonly issuing: IssueDeps;
  /** @returns the registry whose gateway was asked; `undefined`: nobody who is believed says so */
  readonly serviceOf: (req: HttpRequest) => string | undefined;
}

/** As a router takes paths: neither case nor a slash at the end makes another one. */
const PATH = /^\/token\/?$/i;

/**
 * @param deps - what issuing a token needs
 * @returns `/token`, by GET and POST, before any router
 */
export function tokenRoute(deps: TokenRouteDeps): DirectRoute {
  return (req, res) => {
    const { path, query } = splitTarget(req.url);
    if (!PATH.test(path)) return false;
    const answer = answerTo(deps, req, res, query);
    if (answer === null) return false;
    contextOf(req).route = "token";
    answer().catch((error: unknown) => {
      sendFault(req, res, error);
    });
    return true;
  };
}

/** @returns what answers the request; `null` for methods that nobody asks for tokens by */
function answerTo(
  deps: TokenRouteDeps,
  req: HttpRequest,
  res: ServerResponse,
  query: string,
): (() => Promise<void>) | null {
  const { authorization } = req.headers;
  switch (req.method) {
    case "GET":
    case "HEAD":
      return () =>
        answerToken(deps.issuing, req, res, () =>
          parseTokenRequest(query, authorization, servicesFor(deps, req)),
        );
    case "POST":
      return async () => {
        const form = await readFormBody(req, res);
        await answerToken(deps.issuing, req, res, () =>
          parseOAuthRequest(form, authorization, servicesFor(deps, req)),
        );
      };
    default:
      return null;
  }
}

/** Whoever names no registry means the one whose gateway they ask. */
function servicesFor(
  { issuing: { registries }, serviceOf }: TokenRouteDeps,
  req: HttpRequest,
): Services {
  return { own: serviceOf(req) ?? registries.own, require: registries.require };
}

async function answerToken(
  deps: IssueDeps,
  req: HttpRequest,
  res: ServerResponse,
  parse: () => TokenRequest,
): Promise<void> {
  res.setHeader("Cache-Control", "no-store");
  try {
    const { client, requestId } = contextOf(req);
    const origin = {
      requestId,
      address: client.address,
      userAgent: userAgentOf(req),
    };
    const { identity, answer } = await issueToken(deps, parse(), origin, clientGone(res));
    noteCaller(req, identity);
    sendJson(res, 200, answer);
  } catch (error) {
    if (error instanceof Fault && error.code === "UNAUTHORIZED")
      res.setHeader("WWW-Authenticate", loginChallenge(req));
    throw error;
  }
}

/** RFC 9110 section 15.5.2: a 401 says how to log in. Browsers do not know the scheme that they are told, and ask nobody. */
function loginChallenge(req: HttpRequest): string {
  return `${isFromBrowser(req) ? "X-Basic" : "Basic"} realm="Wharfinger", charset="UTF-8"`;
}
