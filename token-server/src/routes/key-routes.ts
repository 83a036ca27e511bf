import { Router, type RequestHandler } from "express";
import { sendJson } from "#service-kit/http/send-fault.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import { named } from "./named.js";

/**
 * @param keys - the keys that tokens are signed with
 * @returns the route that publishes them
 */
export function keyRoutes(keys: Pick<KeyRing, "published">): RequestHandler {
  const routes = Router();
  routes.get("/.well-known/jwks.json", named("jwks"), (_req, res) => {
    // Behind whatever cache: a withdrawn key is gone everywhere within 30 s (docs/keys.md), and gateways ask every 20.
    res.setHeader("Cache-Control", "public, max-age=5");
    sendJson(res, 200, { keys: keys.published().map((key) => key.publicJwk) });
  });
  return routes;
}
