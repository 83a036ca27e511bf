import { Router } from "express";
import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { listRefreshTokens, revokeRefreshToken } from "../refresh-tokens/sql.js";
import { identifyApiCaller, type ApiCallerDeps } from "./caller.js";
import { parseInput } from "./parse.js";

const targetSchema = z.object({ id: z.uuid() });

/**
 * The caller's own refresh tokens: `/refresh-tokens`.
 *
 * @param deps - logins and database
 * @returns the routes, to be mounted below `/api/v1`
 */
export function refreshTokenRoutes(deps: ApiCallerDeps): Router {
  const { db } = deps.refresh;
  const routes = Router();
  routes.get("/refresh-tokens", async (req, res) => {
    const { identity } = await identifyApiCaller(deps, req);
    sendJson(res, 200, { refreshTokens: await listRefreshTokens(db, identity) });
  });
  routes.delete("/refresh-tokens/:id", async (req, res) => {
    const { identity } = await identifyApiCaller(deps, req);
    const { id } = parseInput(targetSchema, req.params);
    if (!(await revokeRefreshToken(db, identity, id)))
      throw new Fault("NOT_FOUND", { message: "you have no such refresh token" });
    res.status(204).end();
  });
  return routes;
}
