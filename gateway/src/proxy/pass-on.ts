import { splitTarget } from "#registry-protocol/path.js";
import { admitBody } from "#service-kit/http/admit-body.js";
import { framingOf } from "../upstream/client-framing.js";
import type { Forward, OnAnswer } from "../upstream/forward.js";
import type { MadeMethod } from "../upstream/made-request.js";
import { registryRequest } from "../upstream/registry-request.js";
import type { StockRequest } from "../upstream/registry-target.js";
import type { UpstreamAuthorization } from "../upstream/upstream-token.js";
import { upstreamAccess } from "./access.js";
import type { Exchange } from "./exchange.js";

/** What streaming requests to the registry needs. */
export interface PassOnDeps {
  readonly forward: Forward;
  readonly authorization: UpstreamAuthorization;
  /** By which the registry's reports of the gateway's requests are known; absent: not at all. */
  readonly userAgentMark?: string;
}

/** What of a request may be other than what the client sent. */
export interface MadeOtherwise {
  readonly method: MadeMethod;
  readonly query: URLSearchParams;
}

/**
 * Streams a request, made anew from what was understood of the client's.
 *
 * @param deps - the way to the registry
 * @param exchange - the request
 * @param onAnswer - done with the registry's answer before the client sees it
 * @param made - method and parameters, where they are not the client's
 * @throws Fault as {@link Forward}, and what `onAnswer` throws
 */
export function passOn(
  deps: PassOnDeps,
  { req, res, request, caller, context }: Exchange<StockRequest>,
  onAnswer?: OnAnswer,
  { method, query }: MadeOtherwise = {
    // `parseRegistryRequest` lets no other method through.
    method: req.method as MadeMethod,
    query: new URLSearchParams(splitTarget(req.url).query),
  },
): Promise<void> {
  const made = registryRequest(
    {
      request,
      method,
      query,
      headers: req.headers,
      framing: framingOf(req),
    },
    {
      clientAddress: context.client.address,
      requestId: context.requestId,
      authorization: deps.authorization(caller.subject, upstreamAccess(request, caller)),
    },
    deps.userAgentMark,
  );
  admitBody(req, res);
  return deps.forward(made, { req, res }, onAnswer);
}
