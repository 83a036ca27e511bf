import { Router, type RequestHandler } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { sendJson } from "#service-kit/http/send-fault.js";
import type { LongViews } from "../views/long-views.js";
import { named } from "./named.js";

const DIGEST = /^[0-9a-f]{64}$/;

/**
 * Gateways ask here for what a token has no room for. Its digest is told by tokens alone that their bearers show, so that
 * nobody learns of a view who has not had it.
 *
 * @param views - views that fit into no token
 * @returns the route that tells them
 */
export function viewRoutes(views: Pick<LongViews, "read">): RequestHandler {
  const routes = Router();
  routes.get("/views/:digest", named("long-view"), async (req, res) => {
    const { digest } = req.params;
    const view =
      typeof digest === "string" && DIGEST.test(digest) ? await views.read(digest) : null;
    if (view === null) throw new Fault("NOT_FOUND");
    res.setHeader("Cache-Control", "no-store");
    sendJson(res, 200, { view });
  });
  return routes;
}
