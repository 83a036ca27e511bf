import { Router } from "express";
import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import { listRefreshTokens, parseCursor, type Cursor } from "../refresh-tokens/list.js";
import { revokeAllRefreshTokens, revokeRefreshToken } from "../refresh-tokens/sql.js";
import { identifyApiCaller, type ApiCallerDeps } from "./caller.js";
import { parseInput } from "./parse.js";

const targetSchema = z.object({ id: z.uuid() });
const MOST_AT_ONCE = 200;
const pageSchema = z.object({
  limit: z.coerce.number().int().min(1).max(MOST_AT_ONCE).default(MOST_AT_ONCE),
  after: z
    .string()
    .transform((text, context): Cursor => {
      const cursor = parseCursor(text);
      if (cursor !== null) return cursor;
      context.addIssue({ code: "custom", message: "wanted what an answer gave as next" });
      return z.NEVER;
    })
    .optional(),
});

/**
 * The caller's own refresh tokens: `/refresh-tokens`, by page.
 *
 * @param callers - says who calls, and where refresh tokens are on record
 * @returns the routes, to be mounted below `/api/v1`
 */
export function refreshTokenRoutes(callers: ApiCallerDeps): Router {
  const { db } = callers.logins.refresh;
  const routes = Router();
  routes.get("/refresh-tokens", async (req, res) => {
    const { identity } = await identifyApiCaller(callers, req);
    const { limit, after = null } = parseInput(pageSchema, req.query);
    sendJson(res, 200, await listRefreshTokens(db, identity, { limit, after }));
  });
  routes.delete("/refresh-tokens", async (req, res) => {
    const { identity } = await identifyApiCaller(callers, req);
    sendJson(res, 200, { ended: await revokeAllRefreshTokens(db, identity) });
  });
  routes.delete("/refresh-tokens/:id", async (req, res) => {
    const { identity } = await identifyApiCaller(callers, req);
    const { id } = parseInput(targetSchema, req.params);
    if (!(await revokeRefreshToken(db, identity, id)))
      throw new Fault("NOT_FOUND", { message: "you have no such refresh token" });
    res.status(204).end();
  });
  return routes;
}
