import { Router, type Request } from "express";
import type { Policy } from "#access-policy/compile.js";
import type { PolicyRegistry } from "#access-policy/policy-registry.js";
import { Fault } from "#registry-protocol/faults.js";
import { isRepositoryName } from "#registry-protocol/repository-name.js";
import type { Action, Resource } from "#registry-protocol/scope.js";
import { explainOthers, explainOwn } from "#rest-api/operations/explain.js";
import { parseInput } from "#rest-api/parse-input.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import { yamlFault } from "#service-kit/yaml-fault.js";
import { contextOf } from "#service-kit/http/request-context.js";
import type { Login } from "../identity/identity-source.js";
import { authenticate } from "../identity/authenticate.js";
import { loadPolicy } from "../policy/load.js";
import type { CurrentPolicy } from "../policy/watch.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import { describedLogin, type DescribedDeps } from "../token/described-login.js";
import { explainAccess, type ExplainedAccess } from "../token/explain-access.js";
import {
  countRequest,
  identifyApiCaller,
  letAdministratorSee,
  registryAsked,
  type ApiCallerDeps,
} from "./caller.js";
import { mount } from "./mount.js";

/** What explaining needs besides callers: those who are described may be robots. */
export type ExplainDeps = Pick<DescribedDeps, "db"> & {
  readonly policy: CurrentPolicy;
};

const MOST_GROUPS = 100;

/**
 * "May X do Y on Z": for the caller by GET, for anybody by POST when the caller is an administrator. Administrators are
 * told which rule says so, and where it stands; others the reason alone.
 *
 * @param callers - says who calls
 * @param deps - policy and robots
 * @returns the routes, to be mounted below `/api/v1`
 */
export function explainRoutes(callers: ApiCallerDeps, deps: ExplainDeps): Router {
  const routes = Router();
  const { db, policy } = deps;
  const { logins } = callers;
  mount(routes, explainOwn, async (req, res) => {
    const asker = await callerOrNobody(callers, req);
    const asked = parseInput(explainOwn.query, req.query);
    const { address } = contextOf(req).client;
    const registry = registryAsked(callers, req);
    const body = await answer(policy.current(registry.service), asker, {
      ...asked,
      address,
      registry,
    });
    sendAnswer(req, res, { body });
  });
  mount(routes, explainOthers, async (req, res) => {
    await letAdministratorSee(callers, req, "ask for somebody else", explainOthers);
    const asked = parseInput(
      explainOthers.body,
      await readJsonBody(req, res, explainOthers.bodyBytes),
    );
    const registry = registryAsked(callers, req);
    const inForce = policy.current(registry.service);
    const given = { teamsOf: () => Promise.resolve(asked.identity.teams) };
    try {
      const login = await describedLogin({ logins, db }, asked.identity);
      const teams = asked.identity.kind === "robot" ? callers.teams : given;
      sendAnswer(req, res, {
        body: await answer(
          asked.policy === null ? inForce : candidateFrom(asked.policy, inForce),
          { login, teams, isAdministrator: true },
          { ...asked, registry },
        ),
      });
    } catch (error) {
      if (!(error instanceof Fault) || error.code !== "UNAUTHORIZED") throw error;
      // That is what the token endpoint would say to them.
      sendAnswer(req, res, {
        body: { subject: asked.identity, allow: false, reason: error.message },
      });
    }
  });
  return routes;
}

/** Held against the directory as it is. @throws Fault REQUEST_INVALID with line and column for what is no policy */
function candidateFrom(text: string, { facts }: Policy): Policy {
  try {
    return { ...loadPolicy("policy", text).policy, facts };
  } catch (error) {
    throw yamlFault(error);
  }
}

/** Who is asked for. */
interface Asker {
  readonly login: Login;
  readonly teams: TeamLookup;
  /** Whether the one who gets the answer may read the rules. */
  readonly isAdministrator: boolean;
}

/** Nobody in particular is told what a token without credentials would grant. */
async function callerOrNobody(callers: ApiCallerDeps, req: Request): Promise<Asker> {
  const { logins, teams } = callers;
  if (req.headers.authorization === undefined && logins.allowPublicRead) {
    const login = await authenticate(logins, null);
    countRequest(callers, req, login.identity);
    return { login, teams, isAdministrator: logins.unrestricted };
  }
  const { login, isAdministrator } = await identifyApiCaller(callers, req);
  return { login, teams, isAdministrator };
}

async function answer(
  policy: Policy,
  { login, teams, isAdministrator }: Asker,
  asked: {
    readonly action: Action | "catalog";
    readonly repository: string;
    readonly address: string | null;
    readonly registry: PolicyRegistry;
  },
) {
  const ask = (action: Action) =>
    explainAccess(policy, teams, login, {
      registry: asked.registry,
      resource: resourceOf(asked),
      action,
      circumstances: { address: asked.address },
    });
  const { allow, reason, explanation } = await wholeOf(
    asked.action === "catalog" ? "*" : asked.action,
    ask,
  );
  const { action: decidedBy, decision, trace, omitted, notReached } = explanation;
  const said = {
    ...{ subject: login.identity, allow, reason, action: decidedBy },
    // Whoever misses a team sees here which of their groups became none.
    ...(login.unmappedGroups === undefined
      ? {}
      : { unmappedGroups: login.unmappedGroups.slice(0, MOST_GROUPS) }),
  };
  if (!isAdministrator) return said;
  const rule = decision.allow === "teams-needed" ? null : decision.rule;
  return { ...said, rule, trace, omitted, notReached };
}

/** Clients ask for both when they push, and look for what is there before: without the one the other is of no use. */
async function wholeOf(
  action: Action,
  ask: (action: Action) => Promise<ExplainedAccess>,
): Promise<ExplainedAccess> {
  const asked = await ask(action);
  if (action !== "push" || !asked.allow) return asked;
  const pull = await ask("pull");
  return pull.allow ? asked : { ...pull, reason: `a push needs pull as well: ${pull.reason}` };
}

function resourceOf(asked: { action: string; repository: string }): Resource {
  if (asked.action === "catalog") return { type: "registry", name: "catalog" };
  if (isRepositoryName(asked.repository)) return { type: "repository", name: asked.repository };
  throw new Fault("NAME_INVALID", { detail: { name: asked.repository } });
}
