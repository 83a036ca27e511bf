import { Router } from "express";
import type { Policy } from "#access-policy/compile.js";
import { allowsEverywhere } from "#access-policy/everywhere.js";
import { repositoryGlob } from "#access-policy/glob.js";
import type { Conditions, RuleSpec } from "#access-policy/rule.js";
import { whoCan, type RuleAbout } from "#access-policy/who-can.js";
import { Fault } from "#registry-protocol/faults.js";
import type { RepositoryName } from "#registry-protocol/repository-name.js";
import * as operations from "#rest-api/operations/who-can.js";
import { parseInput } from "#rest-api/parse-input.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import type { CurrentPolicy } from "../policy/watch.js";
import type { TeamLookup } from "../teams/team-lookup.js";
import { decideGrant } from "../token/decide-grant.js";
import { identifyApiCaller, serviceAsked, type ApiCaller, type ApiCallerDeps } from "./caller.js";
import { mount } from "./mount.js";

/**
 * How much of the rules somebody is shown: who is meant, for whoever may pull; addresses and claims, which say how networks
 * and pipelines are built, for those who answer for the team; where rules stand and what else they are about, for administrators.
 */
type Insight = "reader" | "manager" | "administrator";

/** Conditions of which readers are told that they are there. */
const WITHHELD = ["addresses", "claims"] as const satisfies (keyof Conditions)[];

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
    const policy = deps.policy.current(serviceAsked(callers, req));
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

function shown({ rule, effect, who, unless, patterns }: RuleAbout, insight: Insight) {
  const isAdministrator = insight === "administrator";
  return {
    rule: rule.id,
    ...(isAdministrator ? { at: rule.at } : {}),
    effect,
    who: whoShown(who, insight),
    unless: unless === null ? null : conditionsShown(unless, insight),
    where: patterns.map(({ pattern, values }) =>
      isAdministrator ? { pattern, values } : { values },
    ),
  };
}

function whoShown(who: RuleSpec["who"], insight: Insight) {
  return typeof who === "string" ? who : conditionsShown(who, insight);
}

function conditionsShown(conditions: Conditions, insight: Insight) {
  const withheld = WITHHELD.filter((key) => conditions[key] !== undefined);
  if (insight !== "reader" || withheld.length === 0) return conditions;
  const open = Object.entries(conditions).filter(([key]) => !WITHHELD.some((one) => one === key));
  return { ...Object.fromEntries(open), withheld };
}
