import type { IncomingMessage } from "node:http";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import type { RegistryRequest } from "#registry-protocol/request.js";
import { isMarkerRepository } from "#registry-protocol/storage-marker.js";
import { formatScope, type Access } from "#registry-protocol/scope.js";
import { contextOf, noteCaller } from "#service-kit/http/request-context.js";
import { printableUserAgent } from "../upstream/client-headers.js";
import type { ExchangeLogin } from "../upstream/exchange-login.js";
import type { UploadSessions } from "../uploads/upload-sessions.js";
import { authorize, authorizeMore, isGranted } from "./authorize.js";
import { requiredAccess } from "./access.js";
import type { Caller, TokenVerifier } from "./caller.js";
import { challengeHeader, type Challenge } from "./challenge.js";
import { clientOrigin } from "./client-origin.js";
import type { LongViews } from "./long-views.js";
import { shownLogin } from "./shown-login.js";

/** What knowing callers needs. */
export interface CallerDeps {
  readonly verifier: TokenVerifier;
  readonly views: LongViews;
  readonly uploads: Pick<UploadSessions, "decide">;
  /** Origin that clients use; `null` takes what each client used. */
  readonly publicUrl: string | null;
  /** Audience and issuer of their tokens. */
  readonly service: string;
  readonly issuer: string;
  readonly exchange: ExchangeLogin;
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
  return identifyBy(deps, req, request, await tokenForReading(deps, req, request));
}

/**
 * The same where that is in memory, as it is from the second request of a client on.
 *
 * @param deps - what verifies tokens
 * @param req - a request
 * @param request - what it asks for, which is no upload
 * @returns who asks, and may; `null`: {@link identifyCaller} says
 */
export function recallCaller(
  { verifier }: { readonly verifier: Pick<TokenVerifier, "recall"> },
  req: IncomingMessage,
  request: Extract<RegistryRequest, { repository: RepositoryName }>,
): Caller | null {
  const caller = verifier.recall(req.headers.authorization);
  if (caller === null || !isGranted(request, caller)) return null;
  if (isMarkerRepository(request.repository)) return null;
  noteWho(req, caller);
  return caller;
}

/**
 * The same where clients are no registry clients: they show what they log in with, of whatever kind, or a registry token.
 *
 * @param deps - what verifies tokens, and gets them
 * @param req - a request
 * @param like - what of the registry API needs the same right
 * @returns who asks, and may
 * @throws Fault as {@link identifyCaller}, TOO_MANY_REQUESTS, and UNAVAILABLE when the token server does not decide
 */
export async function identifyLogin(
  deps: CallerDeps,
  req: IncomingMessage,
  like: RegistryRequest,
): Promise<Caller> {
  return identifyBy(deps, req, like, await tokenFor(deps, req, requiredAccess(like)));
}

/**
 * The same for what no request to the registry API takes.
 *
 * @param deps - what verifies tokens, and gets them
 * @param req - a request
 * @param required - what the caller's token has to grant
 * @returns who asks, and may
 * @throws Fault as {@link identifyLogin}
 */
export async function identifyLoginFor(
  deps: CallerDeps,
  req: IncomingMessage,
  required: Access,
): Promise<Caller> {
  const token = await tokenFor(deps, req, required);
  const caller = await identifyBy(deps, req, { kind: "base" }, token);
  authorizeMore(caller, required, realmFor(deps, req));
  if (required.type === "repository") refuseMarker(required.name);
  return caller;
}

/** @returns what is verified of a login: the token that it is, or one that it is good for */
async function tokenFor(
  deps: CallerDeps,
  req: IncomingMessage,
  required: Access | null,
): Promise<string | undefined> {
  const { authorization } = req.headers;
  const shown = shownLogin(authorization, deps.issuer);
  if (shown.kind === "registry-token") return authorization;
  const basic = shown.kind === "nobody" ? null : shown.basic;
  return exchangeFor(deps, req, required, basic).catch((error: unknown) => {
    if (!(error instanceof Fault) || error.code !== "UNAUTHORIZED") throw error;
    const challenge = challengeHeader({ ...realmFor(deps, req), ...scopeOf(required) });
    throw new Fault("UNAUTHORIZED", {
      message: error.message,
      headers: { "WWW-Authenticate": challenge },
    });
  });
}

/** Requests that Pier One's clients make to the registry API, too, with an OAuth token of their own. */
const READING: readonly RegistryRequest["kind"][] = [
  ...(["base", "catalog", "tags.list", "manifest.read", "blob.read"] as const),
];

/** RFC 6750 section 2.1, and Pier One's other name for it. */
const TOKEN_HEADER = /^(?:bearer|token) +\S+ *$/i;

async function tokenForReading(
  deps: CallerDeps,
  req: IncomingMessage,
  request: RegistryRequest,
): Promise<string | undefined> {
  const { authorization } = req.headers;
  if (!READING.includes(request.kind) || !TOKEN_HEADER.test(authorization ?? ""))
    return authorization;
  if (deps.verifier.recall(authorization) !== null) return authorization;
  const shown = shownLogin(authorization, deps.issuer);
  if (shown.kind !== "access-token") return authorization;
  try {
    const token = await exchangeFor(deps, req, requiredAccess(request), shown.basic);
    return TOKEN_HEADER.test(token) ? token : authorization;
  } catch (error) {
    // Then the token is none, and the usual challenge says where to get one.
    if (error instanceof Fault && error.code === "UNAUTHORIZED") return authorization;
    throw error;
  }
}

function exchangeFor(
  { exchange }: CallerDeps,
  req: IncomingMessage,
  required: Access | null,
  basic: string | null,
): Promise<string> {
  const { client, requestId } = contextOf(req);
  return exchange({
    authorization: basic,
    scope: scopeOf(required).scope ?? "",
    address: client.address,
    requestId,
    userAgent: printableUserAgent(req.headers) ?? "",
  });
}

function scopeOf(required: Access | null): Pick<Challenge, "scope"> {
  return required === null ? {} : { scope: formatScope(required) };
}

async function identifyBy(
  deps: CallerDeps,
  req: IncomingMessage,
  request: RegistryRequest,
  authorization: string | undefined,
): Promise<Caller> {
  const where = realmFor(deps, req);
  // Also of who is refused it is known who they are.
  const verifier = {
    verify: async (shown: string | undefined) => {
      const caller = await deps.verifier.verify(shown);
      if (caller !== null) noteWho(req, caller);
      return caller;
    },
  };
  const caller = await authorize(verifier, request, authorization, where, deps.uploads);
  noteWho(req, caller);
  if ("repository" in request) refuseMarker(request.repository);
  return caller;
}

function noteWho(req: IncomingMessage, { subject, realm, kind }: Caller): void {
  noteCaller(req, { uid: subject, realm, kind });
}

function refuseMarker(repository: string): void {
  if (isMarkerRepository(repository))
    throw new Fault("DENIED", { message: "this repository is the gateways' own" });
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
