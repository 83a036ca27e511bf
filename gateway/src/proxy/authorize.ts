import { Fault } from "#registry-protocol/faults.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { formatScope, grants, type Access } from "#registry-protocol/scope.js";
import { requiredAccess } from "./access.js";
import { InvalidToken, type Caller, type TokenVerifier } from "./caller.js";
import { challengeHeader, type Challenge } from "./challenge.js";

/**
 * Lets a request pass only when its token allows it.
 *
 * @param verifier - verifies tokens
 * @param request - what is asked for
 * @param authorization - the `Authorization` header, if any
 * @param realm - URL where the client gets a token, and the service to name there
 * @returns who asks
 * @throws Fault UNAUTHORIZED with a challenge when a (better) token would help, DENIED with the reason
 *   when the token server has refused exactly this before, UNAVAILABLE when that cannot be told
 */
export async function authorize(
  verifier: TokenVerifier,
  request: RegistryRequest,
  authorization: string | undefined,
  realm: Pick<Challenge, "realm" | "service">,
): Promise<Caller> {
  const required = requiredAccess(request);
  const scope = required === null ? {} : { scope: formatScope(required) };
  const challenge = (message: string, error: Pick<Challenge, "error">) =>
    new Fault("UNAUTHORIZED", {
      message,
      detail: required ?? undefined,
      headers: { "WWW-Authenticate": challengeHeader({ ...realm, ...scope, ...error }) },
    });
  const caller = await verifier.verify(authorization).catch((error: unknown) => {
    if (error instanceof InvalidToken) throw challenge(error.message, { error: "invalid_token" });
    throw error;
  });
  if (caller === null) throw challenge("authentication required", {});
  if (required === null) return caller;
  const missing = required.actions.filter(
    (action) => !grants(caller.access, asResourceType(required), required.name, action),
  );
  if (missing.length === 0) return caller;
  const refusal = refusalReason(caller, required, missing);
  if (refusal !== null && caller.kind !== "anonymous")
    throw new Fault("DENIED", { message: refusal, detail: required });
  throw challenge(refusal ?? "authentication required", { error: "insufficient_scope" });
}

function asResourceType(access: Access): "repository" | "registry" {
  return access.type === "registry" ? "registry" : "repository";
}

function refusalReason(
  caller: Caller,
  required: Access,
  missing: readonly string[],
): string | null {
  const refusal = caller.refused.find(
    ({ type, name, action }) =>
      type === required.type && name === required.name && missing.includes(action),
  );
  return refusal === undefined
    ? null
    : `${refusal.action} to ${refusal.name} refused: ${refusal.reason}`;
}
