import type { RequestHandler } from "express";
import { askTokenServer, type TokenServerDeps } from "../upstream/ask-token-server.js";

/**
 * @param deps - the way to the token server
 * @returns `/token` and what of the REST API is about who is who
 */
export function tokenServerRoutes(deps: TokenServerDeps): RequestHandler {
  return async (req, res, next) => {
    if (!(await askTokenServer(deps, req, res))) next();
  };
}
