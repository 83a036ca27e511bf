import { Fault } from "#registry-protocol/faults.js";
import type { GatewayAnswer } from "../registries/ask-gateway.js";
import type { Registry } from "../registries/registry.js";

/** One registry's time, in milliseconds. */
const EACH_MILLISECONDS = 5_000;

/**
 * @param until - when all have to have answered, by the same clock
 * @param now - in milliseconds
 * @returns for how many milliseconds the next registry is waited for; none or less: there is no time left
 */
export function timeLeft(until: number, now: number): number {
  return Math.min(EACH_MILLISECONDS, Math.floor(until - now));
}

/**
 * @param error - why a registry could not be asked
 * @returns that it said nothing: of the others it is known all the same
 * @throws the error itself, when it is no Fault: callers are told of those alone
 */
export function unansweredFor(error: unknown): GatewayAnswer {
  if (error instanceof Fault) return { unanswered: error.message };
  throw error;
}

/**
 * @param asked - the registries, in the order of their names
 * @param answers - what was heard of them, by name
 * @returns what was found, in the order of the registries' names, whoever answered first
 */
export function together(
  asked: readonly Pick<Registry, "service">[],
  answers: ReadonlyMap<string, GatewayAnswer>,
) {
  const of = asked.flatMap(({ service: registry }) => {
    const answer = answers.get(registry);
    return answer === undefined ? [] : [{ registry, answer }];
  });
  return {
    items: of.flatMap(({ registry, answer }) =>
      "items" in answer ? answer.items.map((item) => ({ registry, ...item })) : [],
    ),
    more: of.flatMap(({ registry, answer }) =>
      "items" in answer && answer.hasMore ? [registry] : [],
    ),
    unanswered: of.flatMap(({ registry, answer }) =>
      "unanswered" in answer ? [{ registry, reason: answer.unanswered }] : [],
    ),
  };
}
