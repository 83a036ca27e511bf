import type { Condition } from "./condition.js";
import { HIGHEST_RANK } from "./conditions.js";
import { componentAt, type Glob } from "./glob.js";
import { matchesName, type Values } from "./glob-match.js";
import type { Question } from "./question.js";
import { valuesOf, whyOther } from "./template.js";

const NONE: ReadonlySet<string> = new Set();

/**
 * The condition that templates stand for what is in the repository's name.
 *
 * @param globs - patterns of a rule
 * @returns that condition, `null` when none of the patterns has a template
 */
export function repositoryValues(globs: readonly Glob[]): Condition | null {
  if (globs.every(({ variables }) => variables.length === 0)) return null;
  return {
    rank: HIGHEST_RANK,
    holds: (question) => {
      const { values, teams } = question;
      const known: Values = (variable) => values(variable) ?? NONE;
      if (globs.some((glob) => fits(glob, question, known))) return true;
      return teams === null && globs.some((glob) => fits(glob, question, values)) && "teams-needed";
    },
    whyNot: (question) => whyNot(globs, question),
  };
}

/** What stands for something of the caller's teams. */
const OF_TEAMS = ["team", "group", "app.responsible", "app.published"];

/**
 * @param globs - patterns of a rule
 * @param question - what is asked, with teams
 * @returns the team of the caller that the repository's name fits
 */
export function fittingTeam(globs: readonly Glob[], question: Question): string | undefined {
  const templated = globs.filter(({ variables }) =>
    variables.some((variable) => OF_TEAMS.includes(variable)),
  );
  const only =
    (team: string): Values =>
    (variable) =>
      OF_TEAMS.includes(variable)
        ? new Set(valuesOf(variable, { ...question, teams: [team] }))
        : question.values(variable);
  return question.teams?.find((team) => templated.some((glob) => fits(glob, question, only(team))));
}

function fits(glob: Glob, { name }: Question, values: Values): boolean {
  return name !== null && matchesName(glob, name, values);
}

function whyNot(globs: readonly Glob[], question: Question): string {
  const { repository } = question;
  const name = repository ?? "";
  for (const glob of globs.filter(
    (candidate) => question.name !== null && matchesName(candidate, question.name),
  ))
    for (const variable of glob.variables) {
      const wanted = componentAt(glob, variable, name);
      const values = valuesOf(variable, question) ?? [];
      if (wanted !== null && !values.includes(wanted)) return whyOther(variable, wanted, question);
    }
  return `${name} is not among the repositories of this login`;
}
