import { headerText } from "#service-kit/http/header-text.js";
import { Router, type Request, type RequestHandler, type Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { splitTarget } from "#registry-protocol/path.js";
import { asLine } from "#registry-protocol/text.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { isFromBrowser } from "#service-kit/http/cross-site.js";
import { readFormBody } from "#service-kit/http/form-body.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { issueToken, type IssueDeps } from "../token/issue.js";
import { parseOAuthRequest, parseTokenRequest, type TokenRequest } from "../token/request.js";
import { named } from "./named.js";

/** A header of any length does not make an entry of any length. */
const MOST_USER_AGENT_CHARACTERS = 200;

/**
 * @param deps - what issuing a token needs
 * @returns `/token`, by GET and POST
 */
export function tokenRoutes(deps: IssueDeps): RequestHandler {
  const routes = Router();
  routes.get("/token", named("token"), (req, res) =>
    answerToken(deps, req, res, (service) =>
      parseTokenRequest(splitTarget(req.url).query, req.headers.authorization, service),
    ),
  );
  routes.post("/token", named("token"), async (req, res) => {
    const form = await readFormBody(req, res);
    await answerToken(deps, req, res, (service) =>
      parseOAuthRequest(form, req.headers.authorization, service),
    );
  });
  return routes;
}

async function answerToken(
  deps: IssueDeps,
  req: Request,
  res: Response,
  parse: (service: string) => TokenRequest,
): Promise<void> {
  res.setHeader("Cache-Control", "no-store");
  try {
    const origin = {
      address: contextOf(req).client.address,
      userAgent: asLine(headerText(req.headers["user-agent"] ?? ""), MOST_USER_AGENT_CHARACTERS),
    };
    const { identity, answer } = await issueToken(
      deps,
      parse(deps.signing.service),
      origin,
      clientGone(res),
    );
    contextOf(req).actor = identity.uid;
    sendJson(res, 200, answer);
  } catch (error) {
    if (error instanceof Fault && error.code === "UNAUTHORIZED")
      res.setHeader("WWW-Authenticate", loginChallenge(req));
    throw error;
  }
}

/** RFC 9110 section 15.5.2: a 401 says how to log in. Browsers do not know the scheme that they are told, and ask nobody. */
function loginChallenge(req: Request): string {
  return `${isFromBrowser(req) ? "X-Basic" : "Basic"} realm="Wharfinger", charset="UTF-8"`;
}
