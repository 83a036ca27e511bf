import type { ServerResponse } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import { parseRegistryRequest, type RegistryRequest } from "#registry-protocol/request.js";
import type { DirectRoute, HttpRequest } from "#service-kit/http/http-request.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { RequestSubject } from "#service-kit/http/request-line.js";
import { sendFault } from "#service-kit/http/send-fault.js";
import type { Exchange } from "./exchange.js";
import { identifyCaller, recallCaller, type CallerDeps } from "./identify-caller.js";
import { readAtOnce } from "./manifest-at-once.js";
import type { WriteGate } from "../mode/write-gate.js";
import { framingOf, mayBringBody, refuseBody, type Framing } from "../upstream/client-framing.js";
import { takesBody } from "../upstream/registry-request.js";
import { manifestTurn, type ManifestTurns } from "./manifest-turns.js";
import { carryOut, type PlanDeps } from "./plan.js";

/** What the registry API needs. */
export interface RegistryApiDeps {
  readonly callers: CallerDeps;
  readonly plan: PlanDeps;
  /** Lets writes pass, or refuses them while the gateway is read-only. */
  readonly writes: WriteGate;
  /** Turns for pushing manifests. */
  readonly manifestTurns: ManifestTurns;
}

/** Every answer below `/v2/` says so, errors included: clients recognise a registry by it. */
const API_VERSION = ["Docker-Distribution-Api-Version", "registry/2.0"] as const;

/**
 * Before any router: registry paths are read from the raw target, never decoded by Express.
 *
 * @param deps - everything below
 * @returns everything below `/v2/`
 */
export function registryRoute(deps: RegistryApiDeps): DirectRoute {
  return (req, res) => {
    if (!isRegistryTarget(req.url)) return false;
    void handleRegistryRequest(deps, req, res);
    return true;
  };
}

/**
 * @param target - request target exactly as received
 * @returns whether it belongs to the registry API
 */
function isRegistryTarget(target: string): boolean {
  return target === "/v2" || target.startsWith("/v2/") || target.startsWith("/v2?");
}

/**
 * Answers one request to the registry API: understand, identify, carry out.
 *
 * @param deps - everything below
 * @param req - a request for which {@link isRegistryTarget} holds
 * @param res - its answer, not begun
 */
async function handleRegistryRequest(
  deps: RegistryApiDeps,
  req: HttpRequest,
  res: ServerResponse,
): Promise<void> {
  res.setHeader(...API_VERSION);
  const context = contextOf(req);
  context.route = "registry.unknown";
  try {
    const request = parseRegistryRequest(req.method, req.url);
    context.route = request.kind;
    context.subject = subjectOf(request);
    const framing = framingOf(req);
    if (isAnsweredAtOnce(deps, { req, res, context }, request, framing)) return;
    const caller = await identifyCaller(deps.callers, req, request);
    if (mayBringBody(req, framing) && (!takesBody(request.kind) || framing.kind === "none"))
      await refuseBody(req, res);
    const leave = await manifestTurn(deps.manifestTurns, request, { ...caller, framing, res });
    res.once("close", leave);
    const ended = deps.writes.admit(request.kind, () => {
      // What has arrived whole the registry may be storing already: that comes to its end by itself.
      if (!req.complete) res.destroy();
    });
    try {
      await carryOut(deps.plan, { req, res, request, caller, context });
    } finally {
      leave();
      // What is streamed goes on until the answer has ended; what is not may outlive its client.
      if (res.closed) ended();
      else res.once("close", ended);
    }
  } catch (error) {
    sendFault(req, res, abortedOr(req, error));
  }
}

/** What everybody waits for needs nobody but this process as a rule. */
function isAnsweredAtOnce(
  { callers, plan }: RegistryApiDeps,
  begun: Pick<Exchange, "req" | "res" | "context">,
  request: RegistryRequest,
  framing: Framing,
): boolean {
  if (request.kind !== "manifest.read" || mayBringBody(begun.req, framing)) return false;
  const caller = recallCaller(callers, begun.req, request);
  return caller !== null && readAtOnce(plan.reading, { ...begun, request, caller });
}

/** Whatever fails after the client has gone fails because of that. */
function abortedOr(req: HttpRequest, error: unknown): unknown {
  return req.destroyed && !req.complete ? new Fault("BODY_INCOMPLETE", { cause: error }) : error;
}

function subjectOf(request: RegistryRequest): RequestSubject {
  if (!("repository" in request)) return {};
  const { repository } = request;
  if ("reference" in request)
    return { repository, reference: request.reference.tag ?? request.reference.digest };
  if ("tag" in request) return { repository, reference: request.tag };
  return "digest" in request ? { repository, reference: request.digest } : { repository };
}
