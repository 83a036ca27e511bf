import type { RequestHandler } from "express";
import type { DirectRoute } from "#service-kit/http/http-request.js";
import { sendFault } from "#service-kit/http/send-fault.js";
import { askTokenServer, type TokenServerDeps } from "../upstream/ask-token-server.js";

/**
 * @param deps - the way to the token server
 * @returns what of the REST API is about who is who
 */
export function tokenServerRoutes(deps: TokenServerDeps): RequestHandler {
  return async (req, res, next) => {
    if (!(await askTokenServer(deps, req, res))) next();
  };
}

/**
 * @param deps - the way to the token server
 * @returns `/token`, before any router
 */
export function tokenRoute(deps: TokenServerDeps): DirectRoute {
  return (req, res) => {
    if (req.url !== "/token" && !req.url.startsWith("/token?")) return false;
    askTokenServer(deps, req, res).catch((error: unknown) => {
      sendFault(req, res, error);
    });
    return true;
  };
}
