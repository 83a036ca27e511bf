import type { Request } from "express";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import { authorize } from "./authorize.js";
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
 * @throws Fault as {@link authorize}
 */
export async function identifyCaller(
  deps: CallerDeps,
  req: Request,
  request: RegistryRequest,
): Promise<Caller> {
  const realm = `${clientOrigin(req, deps.publicUrl)}/token`;
  const { authorization } = req.headers;
  const where = { realm, service: deps.service };
  const caller = await authorize(deps.verifier, request, authorization, where, deps.uploads);
  contextOf(req).actor = caller.subject;
  return caller;
}
