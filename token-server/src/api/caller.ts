import type { Request } from "express";
import type { Identity } from "#access-policy/identity.js";
import type { NoteRead } from "#audit-log/administrators-reads.js";
import type { AuditActor } from "#audit-log/entry.js";
import { Fault } from "#registry-protocol/faults.js";
import type { Operation } from "#rest-api/operation.js";
import { contextOf, noteCaller } from "#service-kit/http/request-context.js";
import { userAgentOf } from "#service-kit/http/request-line.js";
import type { RequestLimit } from "#service-kit/http/request-limit.js";
import type { Login } from "../identity/identity-source.js";
import type { TeamLookup } from "../teams/team-service.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import type { Registries } from "../registries/followed-registries.js";
import { isAdministrator } from "../token/administration.js";
import { logIn, type LogInDeps } from "../token/log-in.js";
import { parseBasic, passwordLogin, type LoginRequest } from "../token/request.js";
import type { Manager } from "../robots/authority.js";

/** What identifying a caller of the REST API needs. */
export interface ApiCallerDeps {
  readonly logins: LogInDeps;
  readonly teams: TeamLookup;
  readonly registries: Registries;
  /** @returns the registry whose gateway was asked; `undefined`: nobody who is believed says so */
  readonly serviceOf: (req: Request) => string | undefined;
  /** Members of these teams administer the installation. */
  readonly adminTeams: readonly string[];
  readonly limit: RequestLimit;
  /** Told of what administrators look at that is others'. */
  readonly administered: NoteRead;
}

/** Whoever calls the REST API. */
export interface ApiCaller {
  readonly login: Login;
  readonly identity: Identity;
  readonly teams: readonly string[];
  readonly isAdministrator: boolean;
  /** What was shown is a stored login, not what it was made of. */
  readonly byRefreshToken: boolean;
  /** The registry by whose gateway they ask; `null`: the one of the configuration. */
  readonly registry: string | null;
  readonly address: string;
  /** The caller as the audit log names them. */
  readonly actor: AuditActor;
}

/** Who uses a refresh token here, in the list of logins. */
const CLIENT_ID = "api";

/** Kinds of login that manage neither robots nor the directory whatever the policy says, not even as members of `ADMIN_TEAMS`. */
const NEVER_MANAGING: readonly Identity["kind"][] = [
  "robot",
  "service",
  "machine",
  "anonymous",
  "unrestricted",
];

/**
 * @param deps - ways to log in
 * @param req - request with `Authorization: Basic user:password`, or `Bearer` or `Token` and an OAuth token
 * @returns who calls
 * @throws Fault UNAUTHORIZED, TOO_MANY_REQUESTS or UNAVAILABLE
 */
export async function identifyApiCaller(deps: ApiCallerDeps, req: Request): Promise<ApiCaller> {
  const header = req.headers.authorization;
  const { client, requestId } = contextOf(req);
  const { address } = client;
  if (header === undefined && !deps.logins.unrestricted)
    throw new Fault("UNAUTHORIZED", { message: "log in with Basic or Bearer credentials" });
  const shown = header === undefined ? ({ kind: "nobody" } as const) : parseAuthorization(header);
  const { service } = registryAsked(deps, req);
  const login = await logIn(deps.logins, shown, {
    requestId,
    address,
    userAgent: userAgentOf(req),
    clientId: CLIENT_ID,
    service,
  });
  const { identity } = login;
  noteCaller(req, identity);
  const teams = await teamsOf(deps, login);
  countRequest(deps, req, identity);
  return {
    login,
    identity,
    teams,
    isAdministrator: isAdministrator(identity, teams, deps.adminTeams),
    byRefreshToken: shown.kind === "refresh-token",
    registry: service === deps.registries.own ? null : service,
    address,
    actor: actorOf(req, identity, address),
  };
}

/**
 * @param caller - who calls
 * @param what - what is managed, in words
 * @returns the caller as one who may manage it
 * @throws Fault DENIED for logins that may not, such as robots themselves, and for stored logins: whoever finds one must
 *   not make another one of it that outlives it
 */
export function asManager(caller: ApiCaller, what = "robots"): Manager {
  const { identity, teams, actor } = caller;
  if (caller.byRefreshToken)
    throw new Fault("DENIED", {
      message: `a refresh token cannot manage ${what}: show what you log in with`,
    });
  if (NEVER_MANAGING.includes(identity.kind))
    throw new Fault("DENIED", {
      message: `a login of kind ${identity.kind} cannot manage ${what}`,
    });
  const { registry, isAdministrator } = caller;
  return { identity, actor, teams, isAdministrator, registry };
}

/**
 * @param caller - who calls
 * @param what - what is for administrators alone, to complete "only administrators (ADMIN_TEAMS) may "
 * @throws Fault DENIED for everybody else
 */
export function requireAdministrator(caller: ApiCaller, what: string): void {
  if (!caller.isAdministrator)
    throw new Fault("DENIED", { message: `only administrators (ADMIN_TEAMS) may ${what}` });
}

/**
 * Lets administrators alone look at what is others', on record.
 *
 * @param deps - ways to log in
 * @param req - their request
 * @param what - what they look at, as for {@link requireAdministrator}
 * @param operation - the operation
 * @throws Fault DENIED for everybody else, and as {@link identifyApiCaller}
 */
export async function letAdministratorSee(
  deps: ApiCallerDeps,
  req: Request,
  what: string,
  { id }: Pick<Operation, "id">,
): Promise<void> {
  const caller = await identifyApiCaller(deps, req);
  requireAdministrator(caller, what);
  deps.administered({ actor: caller.actor, operation: id });
}

/**
 * @param deps - how many requests somebody may make
 * @param req - one of them
 * @param identity - who makes it
 * @throws Fault TOO_MANY_REQUESTS
 */
export function countRequest(
  { limit }: Pick<ApiCallerDeps, "limit">,
  req: Request,
  { uid, realm }: Pick<Identity, "uid" | "realm">,
): void {
  const { address } = contextOf(req).client;
  if (req.res !== undefined) limit.count(uid === "" ? address : `${realm}/${uid}`, req.res);
}

/**
 * @param deps - which registries there are
 * @param req - a request
 * @returns the registry that it is made at, by its gateway; that of the configuration where no gateway is asked
 * @throws Fault REQUEST_INVALID when the gateway is one of an unknown registry, UNAVAILABLE while that is not known
 */
export function registryAsked(
  { registries, serviceOf }: Pick<ApiCallerDeps, "registries" | "serviceOf">,
  req: Request,
): PolicyRegistry {
  return registries.require(serviceOf(req) ?? registries.own);
}

function actorOf(req: Request, { uid, realm, kind }: Identity, address: string): AuditActor {
  const userAgent = userAgentOf(req);
  return { uid, realm, kind, address, userAgent, requestId: contextOf(req).requestId };
}

function parseAuthorization(header: string): Exclude<LoginRequest, { kind: "nobody" }> {
  const token = /^(?:bearer|token) +(\S+) *$/i.exec(header)?.[1];
  return token === undefined ? parseBasic(header) : passwordLogin("oauth2", token);
}

async function teamsOf(deps: ApiCallerDeps, login: Login): Promise<readonly string[]> {
  if (login.identity.kind === "anonymous" || login.identity.kind === "unrestricted") return [];
  return deps.teams.teamsOf(login);
}
