import { namesOfApp, type Directory } from "./directory.js";
import type { Question } from "./question.js";
import type { Conditions } from "./rule.js";

/**
 * @param variable - name of a template in a pattern
 * @param value - what it would have to stand for
 * @param directory - says what does
 * @returns teams of which somebody would have to be in one; `null`: the template does not go by teams
 */
export function teamsNamed(
  variable: string,
  value: string,
  directory: Directory,
): readonly string[] | null {
  const { content } = directory;
  const app = content.apps.find((one) => namesOfApp(one).includes(value));
  switch (variable) {
    case "group":
      return [...content.teams.map(({ name }) => name), value].filter((name) =>
        directory.teamNames([name]).includes(value),
      );
    case "app.responsible":
      return app?.responsibles ?? [];
    case "app.published":
      return app?.publications ?? [];
    default:
      return null;
  }
}

/**
 * @param conditions - conditions of a rule
 * @param question - what is asked
 * @returns teams by which somebody can meet those that are about the registry, privileges and applications
 */
export function teamsAsked(
  conditions: Conditions,
  { identity, facts }: Question,
): readonly string[] {
  const { registry = {}, privileges = {}, apps = {} } = conditions;
  const { directory } = facts;
  const wanted = [...(privileges.anyOf ?? []), ...(privileges.allOf ?? [])];
  const held = directory.privilegesOf(identity, []);
  const given = directory.content.privileges.flatMap(({ privilege, to }) =>
    "team" in to && wanted.includes(privilege) && !held.has(privilege) ? [to.team] : [],
  );
  const teamsOf = (side: "responsibles" | "publications", codes: readonly string[] = []) =>
    directory.content.apps.filter(({ code }) => codes.includes(code)).flatMap((app) => app[side]);
  return [
    ...(registry.published === true ? (facts.registry?.publications ?? []) : []),
    ...(registry.responsible === true ? (facts.registry?.responsibles ?? []) : []),
    ...given,
    ...teamsOf("responsibles", apps.responsible),
    ...teamsOf("publications", apps.published),
  ];
}
