import { refusalSentence, refusalSummary } from "#access-policy/sentences.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { formatScope, grants, type Access } from "#registry-protocol/scope.js";
import { requiredAccess } from "./access.js";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import { ExpiredToken, InvalidToken, type Caller, type TokenVerifier } from "./caller.js";
import { challengeHeader, type Challenge } from "./challenge.js";

/**
 * Lets a request pass only when its token allows it.
 *
 * @param verifier - verifies tokens
 * @param request - what is asked for
 * @param authorization - the `Authorization` header, if any
 * @param uploads - who started which upload: its own requests go on after the token has ended
 * @param realm - URL where the client gets a token, and the service to name there
 * @returns who asks
 * @throws Fault UNAUTHORIZED with a challenge when a (better) token would help, DENIED with the reason
 *   when the token server has refused exactly this before, UNAVAILABLE when that cannot be told
 */
export async function authorize(
  verifier: Pick<TokenVerifier, "verify">,
  request: RegistryRequest,
  authorization: string | undefined,
  realm: Pick<Challenge, "realm" | "service">,
  uploads: Pick<UploadSessions, "decide">,
): Promise<Caller> {
  const required = requiredAccess(request);
  const challenge = challenging(required, realm);
  const { caller, expired, fault } = await identify(verifier, authorization).catch(
    (error: unknown) => {
      if (error instanceof InvalidToken) throw challenge(error.message, { error: "invalid_token" });
      throw error;
    },
  );
  if (caller === null) throw challenge("authentication required", {});
  const missing = required === null ? [] : missingFor(request, caller, required);
  if (missing.length === 0 && (await passes(uploads, request, caller, expired))) return caller;
  if (fault !== null) throw fault;
  if (expired || required === null)
    throw challenge("the token has expired", { error: "invalid_token" });
  throw lacking(caller, required, missing, challenge);
}

/**
 * @param request - what is asked for, which is no upload
 * @param caller - who asks, by a token that has not ended
 * @returns whether {@link authorize} lets it pass
 */
export function isGranted(request: RegistryRequest, caller: Caller): boolean {
  const required = requiredAccess(request);
  return required === null || missingFor(request, caller, required).length === 0;
}

/**
 * For what a request turns out to be besides what it seems.
 *
 * @param caller - who asks, and may do what the request seems to be
 * @param required - all that their token has to grant
 * @param realm - as for {@link authorize}
 * @throws Fault UNAUTHORIZED or DENIED, as {@link authorize} does, when it does not grant that
 */
export function authorizeMore(
  caller: Caller,
  required: Access,
  realm: Pick<Challenge, "realm" | "service">,
): void {
  const missing = missingActions(caller, required);
  if (missing.length > 0) throw lacking(caller, required, missing, challenging(required, realm));
}

type Challenging = (message: string, error: Pick<Challenge, "error">) => Fault;

function challenging(
  required: Access | null,
  realm: Pick<Challenge, "realm" | "service">,
): Challenging {
  const scope = required === null ? {} : { scope: formatScope(required) };
  return (message, error) =>
    new Fault("UNAUTHORIZED", {
      message,
      detail: required ?? undefined,
      headers: { "WWW-Authenticate": challengeHeader({ ...realm, ...scope, ...error }) },
    });
}

/** @returns what a caller is told whose token does not say enough */
function lacking(
  caller: Caller,
  required: Access,
  missing: readonly string[],
  challenge: Challenging,
): Fault {
  const refusal = refusalOf(caller, required, missing);
  if (refusal === null)
    return challenge("authentication required", { error: "insufficient_scope" });
  // Nobody in particular would get no more by asking again: they have to log in. With an error in the challenge docker shows
  // words of its own in place of ours.
  const message = refusalSentence(refusal);
  if (caller.kind === "anonymous") return challenge(message, {});
  return new Fault("DENIED", {
    message,
    summary: refusalSummary(refusal),
    detail: required,
    rule: refusal.rule,
  });
}

async function identify(
  verifier: Pick<TokenVerifier, "verify">,
  authorization: string | undefined,
): Promise<{ caller: Caller | null; expired: boolean; fault: Fault | null }> {
  try {
    return { caller: await verifier.verify(authorization), expired: false, fault: null };
  } catch (error) {
    if (!(error instanceof ExpiredToken)) throw error;
    return { caller: error.caller, expired: true, fault: error.fault };
  }
}

/** The catalog is shown to everybody, as much of it as they may pull: what it takes is a token that says so. */
function missingFor({ kind }: RegistryRequest, caller: Caller, required: Access): string[] {
  if (kind !== "catalog") return missingActions(caller, required);
  return caller.view === "not-told" ? [...required.actions] : [];
}

function missingActions({ access }: Caller, { type, name, actions }: Access): string[] {
  return actions.filter((action) => !grants(access, type, name, action));
}

/** @returns whether the request may go on; only requests to an upload session can with an expired token */
async function passes(
  uploads: Pick<UploadSessions, "decide">,
  request: RegistryRequest,
  { kind, realm, subject }: Caller,
  expired: boolean,
): Promise<boolean> {
  if (!("session" in request)) return !expired;
  const asking = { repository: request.repository, kind, realm, subject };
  const decision = await uploads.decide(request.session, asking, expired);
  if (decision.allow) return true;
  if (decision.reason === "session-unknown") return false;
  throw new Fault("UPLOAD_UNKNOWN", { cause: new Error(decision.reason) });
}

function refusalOf(
  caller: Caller,
  required: Access,
  missing: readonly string[],
): Caller["refused"][number] | null {
  return (
    caller.refused.find(
      ({ type, name, action }) =>
        type === required.type && name === required.name && missing.includes(action),
    ) ?? null
  );
}
