import { Router } from "express";
import { z } from "zod";
import { Fault } from "#registry-protocol/faults.js";
import * as operations from "#rest-api/operations/refresh-tokens.js";
import { parseInput } from "#rest-api/parse-input.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import { listRefreshTokens, parseCursor, type Cursor } from "../refresh-tokens/list.js";
import { revokeAllRefreshTokens, revokeRefreshToken } from "../refresh-tokens/sql.js";
import { identifyApiCaller, type ApiCallerDeps } from "./caller.js";
import { mount } from "./mount.js";

const pageSchema = operations.listRefreshTokens.query.extend({
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
  const { db, record } = callers.logins.refresh;
  const routes = Router();
  mount(routes, operations.listRefreshTokens, async (req, res) => {
    const { identity } = await identifyApiCaller(callers, req);
    const { limit, after = null } = parseInput(pageSchema, req.query);
    sendAnswer(req, res, { body: await listRefreshTokens(db, identity, { limit, after }) });
  });
  mount(routes, operations.endRefreshTokens, async (req, res) => {
    const { identity, actor } = await identifyApiCaller(callers, req);
    const ended = await db.transaction(async (tx) => {
      const tokens = await revokeAllRefreshTokens(tx, identity);
      if (tokens > 0) await record.revoked(tx, actor, { id: null, tokens });
      return tokens;
    });
    sendAnswer(req, res, { body: { ended } });
  });
  mount(routes, operations.endRefreshToken, async (req, res) => {
    const { identity, actor } = await identifyApiCaller(callers, req);
    const { id } = parseInput(operations.endRefreshToken.parameters, req.params);
    const isEnded = await db.transaction(async (tx) => {
      if (!(await revokeRefreshToken(tx, identity, id))) return false;
      await record.revoked(tx, actor, { id, tokens: 1 });
      return true;
    });
    if (!isEnded) throw new Fault("NOT_FOUND", { message: "you have no such refresh token" });
    sendAnswer(req, res, { status: 204 });
  });
  return routes;
}
