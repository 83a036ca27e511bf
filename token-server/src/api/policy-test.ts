import { setImmediate } from "node:timers/promises";
import { Router } from "express";
import { judgingAgain, type JudgedAgain } from "#access-policy/judge-again.js";
import type { RuleName } from "#access-policy/rule.js";
import { newestDecisions, rulesSince, toldOf } from "#audit-log/decisions.js";
import { Fault } from "#registry-protocol/faults.js";
import { testPolicy } from "#rest-api/operations/policy-tests.js";
import { parseInput } from "#rest-api/parse-input.js";
import type { Queryable } from "#service-kit/db/pool.js";
import { readJsonBody } from "#service-kit/http/json-body.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import { yamlFault } from "#service-kit/yaml-fault.js";
import { loadPolicy, type LoadedPolicy } from "../policy/load.js";
import type { CurrentPolicy } from "../policy/watch.js";
import { decisionIn, DECISIONS } from "./decision-on-record.js";
import { letAdministratorSee, type ApiCallerDeps } from "./caller.js";
import { mount } from "./mount.js";

/** What judging a candidate needs besides callers. */
export interface PolicyTestDeps {
  readonly db: Queryable;
  readonly policy: CurrentPolicy;
  /** How long a token grants what it was issued with. */
  readonly tokenLifetimeSeconds: number;
}

/** After that what is left is not judged: whoever has that many rules asks for fewer decisions. */
const MOST_MILLISECONDS = 10_000;

/**
 * What a candidate for the access policy would have decided otherwise than the rules in force, for administrators.
 *
 * @param callers - says who calls
 * @param deps - the policy, and the audit log
 * @returns the route, to be mounted below `/api/v1`
 */
export function policyTestRoutes(callers: ApiCallerDeps, deps: PolicyTestDeps): Router {
  const routes = Router();
  let isBusy = false;
  mount(routes, testPolicy, async (req, res) => {
    await letAdministratorSee(callers, req, "test a policy", testPolicy);
    const body = await readJsonBody(req, res, testPolicy.bodyBytes);
    const { policy, last } = parseInput(testPolicy.body, body);
    const candidate = candidateIn(policy);
    // One keeps a processor busy for seconds: two would keep tokens from being issued.
    if (isBusy)
      throw new Fault("UNAVAILABLE", { message: "another policy is being tested: ask again" });
    isBusy = true;
    try {
      sendAnswer(req, res, { body: await judged(deps, candidate, last) });
    } finally {
      isBusy = false;
    }
  });
  return routes;
}

function candidateIn(text: string): LoadedPolicy {
  try {
    return loadPolicy("policy", text);
  } catch (error) {
    throw yamlFault(error);
  }
}

async function judged(
  { db, policy, tokenLifetimeSeconds }: PolicyTestDeps,
  candidate: LoadedPolicy,
  last: number,
) {
  const inForce = policy.current();
  // The candidate is held against the directory and the registry as they are.
  const judge = judgingAgain(inForce, { ...candidate.policy, facts: inForce.facts });
  const entries = await newestDecisions(db, DECISIONS, last);
  const inForceSince = await rulesSince(db, "access policy");
  // Tokens of before are good for so long.
  const grantsSince =
    inForceSince === null ? Infinity : Date.parse(inForceSince) + 1000 * tokenLifetimeSeconds;
  const endsAt = performance.now() + MOST_MILLISECONDS;
  let same = 0;
  const changes: object[] = [];
  const unknown: object[] = [];
  for (const entry of entries) {
    const decision = decisionIn(entry, Date.parse(entry.at) > grantsSince);
    const answer =
      typeof decision === "string"
        ? cannotTell(decision)
        : performance.now() > endsAt
          ? cannotTell("more time than a test has: ask for fewer decisions")
          : judge(decision);
    if (answer.outcome === "same") same += 1;
    else if (answer.outcome === "unknown")
      unknown.push({ ...toldOf(entry), dependsOn: answer.dependsOn });
    else {
      const { allow, by, before } = answer;
      const shown = { rules: by.map(nameShown), rulesInForce: before.map(nameShown) };
      changes.push({ ...toldOf(entry), allow, ...shown });
    }
    // Tokens are issued meanwhile.
    await setImmediate();
  }
  const since = entries.at(-1)?.at ?? null;
  const { warnings } = candidate;
  return { looked: entries.length, since, same, changes, unknown, warnings };
}

function cannotTell(why: string): JudgedAgain {
  return { outcome: "unknown", dependsOn: [why] };
}

function nameShown({ id, at }: RuleName) {
  return { rule: id, at };
}
