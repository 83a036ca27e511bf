import { Router } from "express";
import type { Policy } from "#access-policy/compile.js";
import { allowsEverywhere } from "#access-policy/everywhere.js";
import { repositoryGlob } from "#access-policy/glob.js";
import { whoCan } from "#access-policy/who-can.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import * as operations from "#rest-api/operations/who-can.js";
import { parseInput } from "#rest-api/parse-input.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import type { CurrentPolicy } from "../policy/watch.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import { decideGrant } from "../token/decide-grant.js";
import { identifyApiCaller, registryAsked, type ApiCaller, type ApiCallerDeps } from "./caller.js";
import { mount } from "./mount.js";
import { shown, type Insight } from "./rule-shown.js";

/**
 * Who may do what in a repository, for whoever may pull from it: whether there is one is nothing that is known here.
 *
 * @param callers - says who calls
 * @param deps - the policy
 * @returns the route, to be mounted below `/api/v1`
 */
export function whoCanRoutes(
  callers: ApiCallerDeps,
  deps: { readonly policy: CurrentPolicy },
): Router {
  const routes = Router();
  mount(routes, operations.whoCan, async (req, res) => {
    const caller = await identifyApiCaller(callers, req);
    const { repository } = parseInput(operations.whoCan.query, req.query);
    const policy = deps.policy.current(registryAsked(callers, req).service);
    await requirePull(policy, callers.teams, caller, repository);
    const insight = insightOf(policy, caller, repository);
    const actions = whoCan(policy, repository).map(({ rules, ...about }) => ({
      ...about,
      rules: rules.map((rule) => shown(rule, insight)),
    }));
    sendAnswer(req, res, { body: { repository, actions } });
  });
  return routes;
}

/** @throws Fault NAME_UNKNOWN, as for a repository that is not there */
async function requirePull(
  policy: Policy,
  teams: TeamLookup,
  { login, address }: ApiCaller,
  name: RepositoryName,
): Promise<void> {
  const resource = { type: "repository", name } as const;
  const requested = [{ resource, actions: ["pull"] as const }];
  const asked = { requested, circumstances: { address } };
  const { access } = await decideGrant(policy, teams, login, asked);
  if (access.length === 0) throw new Fault("NAME_UNKNOWN");
}

function insightOf(policy: Policy, caller: ApiCaller, repository: RepositoryName): Insight {
  if (caller.isAdministrator) return "administrator";
  const namespace = repositoryGlob(`${repository.split("/", 1)[0] ?? ""}/**`);
  const { address } = caller;
  const managing = allowsEverywhere(policy, caller, namespace, "manage", { address });
  return managing.allow ? "manager" : "reader";
}
