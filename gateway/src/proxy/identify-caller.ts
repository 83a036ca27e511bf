import type { IncomingMessage } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import { authorize, authorizeMore } from "./authorize.js";
import type { Caller, TokenVerifier } from "./caller.js";
import { clientOrigin } from "./client-origin.js";

/** What knowing callers needs. */
export interface CallerDeps {
  readonly verifier: TokenVerifier;
  readonly uploads: Pick<UploadSessions, "decide">;
  /** Origin that clients use; `null` takes what each client used. */
  readonly publicUrl: string | null;
  /** Audience of their tokens. */
  readonly service: string;
}

/**
 * @param deps - what verifies tokens
 * @param req - a request
 * @param request - what it asks for, or what of the registry API needs the same right
 * @returns who asks, and may
 * @throws Fault as {@link authorize}; DENIED where nobody may do anything
 */
export async function identifyCaller(
  deps: CallerDeps,
  req: IncomingMessage,
  request: RegistryRequest,
): Promise<Caller> {
  const { authorization } = req.headers;
  const where = realmFor(deps, req);
  const caller = await authorize(deps.verifier, request, authorization, where, deps.uploads);
  contextOf(req).actor = caller.subject;
  if ("repository" in request && isMarkerRepository(request.repository))
    throw new Fault("DENIED", { message: "this repository is the gateways' own" });
  return caller;
}

/**
 * @param deps - where clients get their tokens
 * @param req - a request
 * @param caller - who makes it
 * @param repository - what it is about
 * @throws Fault as {@link authorizeMore} unless they may delete there, too
 */
export function requireDelete(
  deps: Pick<CallerDeps, "publicUrl" | "service">,
  req: IncomingMessage,
  caller: Caller,
  repository: RepositoryName,
): void {
  const actions = ["pull", "push", "delete"] as const;
  const required = { type: "repository", name: repository, actions };
  authorizeMore(caller, required, realmFor(deps, req));
}

function realmFor(
  { publicUrl, service }: Pick<CallerDeps, "publicUrl" | "service">,
  req: IncomingMessage,
) {
  return { realm: `${clientOrigin(req, publicUrl)}/token`, service };
}
