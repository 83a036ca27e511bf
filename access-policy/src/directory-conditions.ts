import { whyNoApp, whyOtherApp } from "./app-reasons.js";
import type { Test } from "./condition.js";
import type { AppSide, DirectoryApp, Privilege } from "./directory.js";
import type { Question } from "./question.js";
import { EVERYBODY } from "./registry-teams.js";
import { enumerate } from "./sentences.js";

/**
 * @param restricted - how the registry has to be
 * @param unknown - what the condition says while no registry is known
 * @returns the condition
 */
export function restrictedTest(restricted: boolean, unknown: boolean): Test {
  return {
    holds: ({ facts: { registry } }) =>
      registry === null ? unknown : registry.restricted === restricted,
    whyNot: (question) =>
      whyAtRegistry(
        question,
        (name) => `${name} is ${restricted ? "not restricted" : "restricted"}`,
      ),
  };
}

/**
 * @param side - the teams of the registry that one has to be in
 * @param unknown - what the condition says while no registry is known
 * @returns the condition; of a service the teams count that its application is published to
 */
export function registryTest(side: AppSide, unknown: boolean): Test {
  return {
    holds: (question) => {
      const { registry } = question.facts;
      if (registry === null) return unknown;
      const wanted = registry[side];
      if (side === "publications" && wanted.includes(EVERYBODY)) return true;
      const teams = standingIn(question, side);
      if (teams === null) return wanted.length > 0 && "teams-needed";
      return teams.some((team) => wanted.includes(team));
    },
    whyNot: (question) =>
      whyAtRegistry(question, (name) => {
        if (side === "responsibles") return `none of your teams is responsible for ${name}`;
        return question.identity.kind === "service"
          ? `${name} is published to no team that the service's app is published to`
          : `${name} is not published to any of your teams`;
      }),
  };
}

/** Services are responsible for nothing. */
function standingIn({ identity, teams, facts }: Question, side: AppSide): readonly string[] | null {
  if (identity.kind !== "service") return teams;
  return side === "publications"
    ? (facts.directory.appOfService(identity)?.publications ?? [])
    : [];
}

/**
 * @param wanted - privileges that somebody has to have, one or all of them
 * @returns the condition
 */
export function privilegesTest({
  anyOf = [],
  allOf = [],
}: {
  readonly anyOf?: readonly Privilege[] | undefined;
  readonly allOf?: readonly Privilege[] | undefined;
}): Test {
  const missingOf = ({ identity, teams, facts }: Question): readonly Privilege[] => {
    const held = facts.directory.privilegesOf(identity, teams);
    return allOf.filter((one) => !held.has(one));
  };
  return {
    holds: (question) => {
      const { identity, teams, facts } = question;
      const held = facts.directory.privilegesOf(identity, teams);
      const isEnough =
        allOf.every((one) => held.has(one)) &&
        (anyOf.length === 0 || anyOf.some((one) => held.has(one)));
      return isEnough || (teams === null && "teams-needed");
    },
    whyNot: (question) => {
      const missing = missingOf(question);
      if (missing.length === 0) return `needs the privilege ${anyOf.join(" or ")}`;
      return `needs the privilege${missing.length > 1 ? "s" : ""} ${enumerate(missing)}`;
    },
  };
}

/**
 * @param side - the teams of an application that one has to be in
 * @param codes - codes of applications, any of them
 * @returns the condition
 */
export function appsTest(side: AppSide, codes: readonly string[]): Test {
  const isWanted = ({ code }: DirectoryApp) => codes.includes(code);
  return {
    holds: ({ teams, facts: { directory } }) => {
      if (teams !== null) return directory.appsOf(side, teams).some(isWanted);
      return directory.content.apps.some(isWanted) && "teams-needed";
    },
    whyNot: () => whyNoApp(side, codes.join(" or ")),
  };
}

/**
 * @param codes - codes of applications, of one of which the service that asks has to be
 * @returns the condition
 */
export function serviceTest(codes: readonly string[]): Test {
  const appOf = ({ identity, facts }: Question) => facts.directory.appOfService(identity);
  return {
    holds: (question) => codes.includes(appOf(question)?.code ?? ""),
    whyNot: (question) => whyOtherApp(appOf(question), codes.join(" or ")),
  };
}

function whyAtRegistry({ facts }: Question, whyNot: (name: string) => string): string {
  const { registry } = facts;
  return registry === null
    ? "the registry is not declared"
    : whyNot(`registry ${registry.service}`);
}
