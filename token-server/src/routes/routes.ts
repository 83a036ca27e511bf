import express, { type Express, type Request, type Response } from "express";
import { Fault } from "#registry-protocol/faults.js";
import { explainRoutes, type ExplainDeps } from "../api/explain.js";
import { refreshTokenRoutes } from "../api/refresh-tokens.js";
import { robotRoutes } from "../api/robots.js";
import type { RobotDeps } from "../robots/manage-robots.js";
import type { KeyRing } from "#service-kit/signing/key-ring.js";
import { asLine } from "#registry-protocol/text.js";
import { splitTarget } from "#registry-protocol/path.js";
import type { ClientReader } from "#service-kit/http/client-reader.js";
import {
  isFromBrowser,
  refuseCrossSite,
  refuseOtherThanJson,
} from "#service-kit/http/cross-site.js";
import { clientGone } from "#service-kit/http/client-gone.js";
import { readFormBody } from "#service-kit/http/form-body.js";
import { contextOf, openContext } from "#service-kit/http/request-context.js";
import { sendFault, sendJson } from "#service-kit/http/send-fault.js";
import type { ServiceMetrics } from "#service-kit/metrics.js";
import type { RequestOrigin } from "./told-by-gateway.js";
import { issueToken, type IssueDeps } from "../token/issue.js";
import { parseOAuthRequest, parseTokenRequest, type TokenRequest } from "../token/request.js";

/** A header of any length does not make an entry of any length. */
const MOST_USER_AGENT_CHARACTERS = 200;

/** What the routes need. */
export interface RouteDeps extends IssueDeps, ExplainDeps, RobotDeps {
  readonly keys: KeyRing;
  readonly client: ClientReader;
  readonly requestId: RequestOrigin["requestId"];
  readonly metrics: ServiceMetrics;
}

/**
 * @param deps - use cases' needs, log and metrics
 * @returns every public route of the token server
 */
export function tokenServerRoutes(deps: RouteDeps): Express {
  const { log, metrics } = deps;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((req, res, next) => {
    openContext(req, res, { log, metrics, client: deps.client, requestId: deps.requestId });
    // The gateway compares the origin with its own.
    refuseCrossSite(req, () => null);
    if (req.url.startsWith("/api/")) refuseOtherThanJson(req);
    next();
  });
  app.get("/token", named("token"), (req, res) =>
    answerToken(deps, req, res, (service) =>
      parseTokenRequest(splitTarget(req.url).query, req.headers.authorization, service),
    ),
  );
  app.post("/token", named("token"), async (req, res) => {
    const form = await readFormBody(req, res);
    await answerToken(deps, req, res, (service) =>
      parseOAuthRequest(form, req.headers.authorization, service),
    );
  });
  app.use(
    "/api/v1",
    named("api"),
    robotRoutes(deps),
    refreshTokenRoutes(deps),
    explainRoutes(deps),
  );
  app.get("/.well-known/jwks.json", named("jwks"), (_req, res) => {
    // Behind whatever cache: a withdrawn key is gone everywhere within 30 s (docs/keys.md), and gateways ask every 20.
    res.setHeader("Cache-Control", "public, max-age=5");
    sendJson(res, 200, { keys: deps.keys.published().map((key) => key.publicJwk) });
  });
  app.get("/.well-known/health", named("health"), (_req, res) => {
    sendJson(res, 200, { health: true });
  });
  app.get("/ready", named("ready"), (_req, res) => {
    sendJson(res, 200, { ready: true });
  });
  app.use(() => {
    throw new Fault("ROUTE_UNKNOWN", { message: "no such endpoint" });
  });
  app.use((error: unknown, req: Request, res: Response, _next: unknown) => {
    sendFault(req, res, error, log);
  });
  return app;
}

async function answerToken(
  deps: RouteDeps,
  req: Request,
  res: Response,
  parse: (service: string) => TokenRequest,
): Promise<void> {
  res.setHeader("Cache-Control", "no-store");
  try {
    const origin = {
      address: contextOf(req).client.address,
      userAgent: asLine(req.headers["user-agent"] ?? "", MOST_USER_AGENT_CHARACTERS),
    };
    const { identity, answer } = await issueToken(
      deps,
      parse(deps.service),
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

function named(route: string): express.RequestHandler {
  return (req, _res, next) => {
    contextOf(req).route = route;
    next();
  };
}
