import type { ServerResponse } from "node:http";
import type { HttpRequest } from "#service-kit/http/http-request.js";
import { splitTarget } from "#registry-protocol/path.js";
import { contextOf } from "#service-kit/http/request-context.js";
import { REST_BODY_LIMITS } from "#service-kit/http/json-body.js";
import { readSmallBody } from "#service-kit/http/small-body.js";
import type { CallerStatement } from "./caller-statement.js";
import { refuseBody } from "./client-framing.js";
import type { Forward } from "./forward.js";
import { takesBody, tokenServerRequest, tokenServerRoute } from "./token-server-request.js";

/** What asking the token server needs. */
export interface TokenServerDeps {
  readonly forwardToTokenServer: Forward;
  /** Signs for whom it is asked. */
  readonly callerStatement: CallerStatement;
}

const NOTHING = Buffer.alloc(0);

/**
 * Answers `/token` and what of the REST API is about who is who, by asking the token server. A body is read whole
 * before a connection to it is taken.
 *
 * @param deps - the way there
 * @param req - a request
 * @param res - its answer, not begun
 * @returns whether it was the token server's to answer
 * @throws Fault METHOD_UNSUPPORTED, REQUEST_INVALID, those of {@link readSmallBody}, or UNAVAILABLE
 */
export async function askTokenServer(
  { forwardToTokenServer, callerStatement }: TokenServerDeps,
  req: HttpRequest,
  res: ServerResponse,
): Promise<boolean> {
  const { path, query } = splitTarget(req.url);
  const route = tokenServerRoute(req.method, path);
  if (route === null) return false;
  const context = contextOf(req);
  context.route = route.name;
  const hasBody = takesBody(route);
  const limits = { ...REST_BODY_LIMITS, maxBytes: route.bodyBytes ?? REST_BODY_LIMITS.maxBytes };
  const body = hasBody ? await readSmallBody(req, res, limits) : NOTHING;
  if (!hasBody) await refuseBody(req, res);
  const made = tokenServerRequest(
    route,
    { query: new URLSearchParams(query), headers: req.headers, body },
    { clientAddress: context.client.address, requestId: context.requestId },
  );
  const { client, requestId } = context;
  const signed = callerStatement({ address: client.address, requestId }, route);
  await forwardToTokenServer({ ...made, headers: { ...made.headers, ...signed } }, { req, res });
  return true;
}
