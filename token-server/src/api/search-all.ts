import { Router } from "express";
import { searchRegistries } from "#rest-api/operations/registries.js";
import { parseInput } from "#rest-api/parse-input.js";
import { sendAnswer } from "#service-kit/http/send-answer.js";
import { someAtOnce } from "#service-kit/some-at-once.js";
import { searchGateway, type GatewayAnswer, type GatewayDeps } from "../registries/ask-gateway.js";
import { seenRegistries } from "../registries/manage-registries.js";
import type { Registry } from "../registries/registry.js";
import { listToken, type ListTokenDeps } from "../token/list-token.js";
import { identifyApiCaller, type ApiCaller, type ApiCallerDeps } from "./caller.js";
import { mount } from "./mount.js";
import { timeLeft, together, unansweredFor } from "./search-together.js";
import { onlookerOf } from "./registry-rights.js";

/** What asking all registries needs. */
export type SearchDeps = GatewayDeps & ListTokenDeps;

/** The time of all registries together, in milliseconds. */
const ALL_MILLISECONDS = 10_000;
const AT_ONCE = 10;

/**
 * `/registries/search`: what is found in all registries that the caller sees.
 *
 * @param callers - says who calls
 * @param deps - signs what each registry is asked with, and asks it
 * @returns the route, to be mounted below `/api/v1`
 */
export function registrySearchRoutes(callers: ApiCallerDeps, deps: SearchDeps): Router {
  const routes = Router();
  mount(routes, searchRegistries, async (req, res) => {
    const caller = await identifyApiCaller(callers, req);
    const wanted = parseInput(searchRegistries.query, req.query);
    const seen = seenRegistries(callers.registries, onlookerOf(caller));
    const asked = seen.filter(({ service }) => isAskedFor(caller, service));
    const until = performance.now() + ALL_MILLISECONDS;
    const answers = new Map<string, GatewayAnswer>();
    await someAtOnce(asked, AT_ONCE, async (registry) => {
      const answer = await answerOf(deps, { caller, registry, until, ...wanted });
      answers.set(registry.service, answer);
    });
    sendAnswer(req, res, { body: together(asked, answers) });
  });
  return routes;
}

/** The login of a robot is worth nothing elsewhere: elsewhere is not asked for it. */
function isAskedFor({ login }: ApiCaller, service: string): boolean {
  return login.registry === undefined || login.registry === service;
}

async function answerOf(
  deps: SearchDeps,
  asked: {
    readonly caller: ApiCaller;
    readonly registry: Registry;
    readonly until: number;
    readonly q: string;
    readonly limit: number;
  },
): Promise<GatewayAnswer> {
  const { caller, registry, until, q, limit } = asked;
  const milliseconds = timeLeft(until, performance.now());
  if (milliseconds <= 0) return { unanswered: "there was no time left to ask it" };
  try {
    const { login, address } = caller;
    const token = await listToken(deps, login, { registry, address });
    return await searchGateway(deps, registry, { q, limit, token, milliseconds });
  } catch (error) {
    return unansweredFor(error);
  }
}
